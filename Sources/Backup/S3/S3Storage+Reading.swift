// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import FoundationEssentials
import NIOCore

extension S3Storage {
  public func read(_ name: String, limit: Int) throws -> [UInt8] {
    let action = "read \"\(name)\""
    return try client.retry(action, bytes: limit) { deadline in
      switch client.send(request("GET", name), limit: limit, until: deadline) {
      case .broken(let why): return .again(why)
      case .excess:
        throw ApplianceError(.fileTooLarge, "\"\(name)\" is over \(limit) bytes")
      case .answer(let answer):
        if Self.isAbsence(answer) { throw missing(name) }
        guard answer.status == 200 else { throw S3Failure.refusal(answer, action, place) }
        guard answer.hasAnnouncedEnd else { return .again("the answer has no certain end") }
        return .done(answer.body)
      }
    }
  }

  public func read(_ name: String, _ range: Range<Int>) throws -> [UInt8] {
    guard range.lowerBound >= 0 else { throw Self.short(name, range.lowerBound) }
    guard !range.isEmpty else { return try readNothing(name, range.lowerBound) }
    let action = "read a part of \"\(name)\""
    var request = request("GET", name)
    request.headers.append(("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"))
    return try client.retry(action, bytes: range.count) { deadline in
      switch client.send(request, limit: range.count, until: deadline) {
      case .broken(let why): return .again(why)
      case .excess: throw S3Failure.nonsense(action, place, "the answer is longer than the range")
      case .answer(let answer):
        if Self.isAbsence(answer) { throw missing(name) }
        if answer.status == 416 { throw Self.short(name, range.upperBound) }
        guard answer.status == 206 else { throw S3Failure.refusal(answer, action, place) }
        guard let part = ContentRange(answer.header("content-range") ?? ""),
          part.first == range.lowerBound, part.count == answer.body.count
        else { return .again("the answer is not the range that was asked for") }
        if answer.body.count == range.count { return .done(answer.body) }
        guard part.isAtEnd else { return .again("the answer is shorter than the range") }
        throw Self.short(name, range.upperBound)
      }
    }
  }

  /// Nothing of a file is there as long as the file reaches so far.
  private func readNothing(_ name: String, _ start: Int) throws -> [UInt8] {
    guard let file = try file(name) else { throw missing(name) }
    guard start <= file.size else { throw Self.short(name, start) }
    return []
  }

  public func file(_ name: String) throws -> StoredFile? {
    let action = "look at \"\(name)\""
    return try client.retry(action) { deadline in
      switch client.send(request("HEAD", name), until: deadline) {
      case .broken(let why): return .again(why)
      case .excess: return .again("the answer has a body")
      case .answer(let answer):
        if answer.status == 404 { return try confirmAbsence(of: name, action, deadline) }
        guard answer.status == 200 else { throw S3Failure.refusal(answer, action, place) }
        guard let size = answer.header("content-length").flatMap({ Int($0) }), size >= 0,
          let time = answer.header("last-modified").flatMap(ServerTime.header)
        else { throw S3Failure.nonsense(action, place, "the answer has no size or no time") }
        return .done(StoredFile(name: name, size: size, time: time))
      }
    }
  }

  /// Answers to HEAD do not say what is absent: the object or the bucket.
  private func confirmAbsence(
    of name: String, _ action: String, _ deadline: NIODeadline
  ) throws -> S3Client.Attempt<StoredFile?> {
    var request = request("GET", name)
    request.headers.append(("range", "bytes=0-0"))
    switch client.send(request, until: deadline) {
    case .broken(let why): return .again(why)
    case .answer(let answer) where Self.isAbsence(answer): return .done(nil)
    case .answer(let answer) where ![200, 206, 416].contains(answer.status):
      throw S3Failure.refusal(answer, action, place)
    case .answer, .excess: return .again("an object came while it was looked at")
    }
  }
}
