// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import FoundationEssentials

extension S3Storage {
  func request(_ method: String, _ name: String) -> SignableRequest {
    SignableRequest(method: method, path: place.path(of: place.key(of: name)), headers: [])
  }

  /// Stores an object where none is. The store verifies the hash and says it back (S3 User Guide,
  /// "Checking object integrity for data uploads in Amazon S3").
  func creation(of name: String, _ bytes: [UInt8]) -> SignableRequest {
    var request = request("PUT", name)
    request.payload = RequestSignature.hash(bytes)
    request.headers += [
      ("content-type", "application/octet-stream"), ("if-none-match", "*"),
      (Self.checksum, Data(request.payload).base64EncodedString()),
    ]
    return request
  }

  private static let checksum = "x-amz-checksum-sha256"

  /// Whether a success may be that of another request. Not every store says a hash.
  static func isOfOther(_ answer: S3Answer, than request: SignableRequest) -> Bool {
    guard let told = answer.header(checksum) else { return false }
    return !request.headers.contains { $0 == (checksum, told) }
  }

  /// One page of what lies below a folder, by the names in the repository.
  ///
  /// - Parameter folder: With a slash at its end, or empty.
  func list(
    _ folder: String, _ action: String, after continuation: String?
  ) throws -> S3Listing {
    let root = place.key(of: "")
    var request = SignableRequest(method: "GET", path: place.path(of: ""), headers: [])
    request.query = [
      ("list-type", "2"), ("encoding-type", "url"), ("prefix", root + folder),
    ]
    if let continuation { request.query.append(("continuation-token", continuation)) }
    return try client.retry(action) { deadline in
      switch client.send(request, limit: Self.listingLimit, until: deadline) {
      case .broken(let why): return .again(why)
      case .excess: throw S3Failure.nonsense(action, place, "the listing is too long")
      case .answer(let answer):
        guard answer.status == 200 else { throw S3Failure.refusal(answer, action, place) }
        guard let listing = S3Listing(answer.body, below: root) else {
          return .again("the answer is not a whole listing of that prefix")
        }
        return .done(listing)
      }
    }
  }

  /// Stores the same name twice: a store that takes the second one would let two writers replace
  /// each other's files.
  func requireConditionalWrites() throws {
    let action = "try a conditional write"
    var refused = 0
    for content in ["first", "second"] {
      let bytes = Array(content.utf8)
      let request = creation(of: Self.probe, bytes)
      refused = try client.retry(action) { deadline in
        switch client.send(request, body: bytes, until: deadline) {
        case .broken(let why): return .again(why)
        case .excess: throw S3Failure.nonsense(action, place, "the answer is too long")
        case .answer(let answer):
          switch answer.status {
          case 409: return .again(S3Failure.reason(answer))
          case 200, 412, 501: return .done(answer.status)
          default: throw S3Failure.refusal(answer, action, place)
          }
        }
      }
    }
    do {
      try remove(Self.probe)
    } catch let error where refused == 412 {
      // Keys that may not remove are fine for backups; the probe is no file of the repository.
      _ = error
    }
    guard refused == 412 else {
      throw ApplianceError(
        .backupStorage,
        "\(place.host) replaces objects though it is asked not to: two backups at once would "
          + "damage the repository",
        hint: "use a store that knows conditional writes (If-None-Match)")
    }
  }

  /// What no repository put there: the probe, and objects that consoles show as empty folders.
  static func isNothing(_ name: String) -> Bool {
    name == probe || name.isEmpty || name.hasSuffix("/")
  }

  /// Whether the object is absent for certain: not its bucket, nor the server behind a proxy.
  static func isAbsence(_ answer: S3Answer) -> Bool {
    answer.status == 404 && answer.errorCode == "NoSuchKey"
  }

  func missing(_ name: String) -> ApplianceError {
    ApplianceError(.fileMissing, "\"\(name)\" is not in the repository at \(address)")
  }

  static func exists(_ name: String) -> ApplianceError {
    ApplianceError(.backupExists, "\"\(name)\" is in the repository already")
  }

  static func short(_ name: String, _ end: Int) -> ApplianceError {
    ApplianceError(.backupDamaged, "\"\(name)\" ends before byte \(end)")
  }
}

/// `Content-Range: bytes 0-99/1234` (RFC 9110, 14.4).
struct ContentRange: Sendable, Equatable {
  let first: Int
  /// Bytes.
  let count: Int
  /// Whether the file ends with it. `false` where the store does not say how long the file is.
  let isAtEnd: Bool

  /// - Returns: `nil` for anything else.
  init?(_ text: String) {
    let words = text.split(separator: " ")
    guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
    let halves = words[1].split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count == 2 else { return nil }
    let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]),
      first <= last
    else { return nil }
    (self.first, count) = (first, last - first + 1)
    isAtEnd = Self.number(halves[1]) == last + 1
  }

  /// Digits of a number that can be added to.
  private static func number(_ text: Substring) -> Int? {
    guard (1...18).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    return Int(text)
  }
}
