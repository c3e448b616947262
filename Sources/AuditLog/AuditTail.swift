// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials

/// Finds where a log stands without reading all of it: from its last seal on.
struct AuditTail {
  let files: AuditFiles

  init(_ files: AuditFiles) { self.files = files }

  /// - Throws: `audit.broken` when the lines after the last seal do not follow from it.
  func state(_ segments: [AuditFiles.Segment]) throws -> AuditState {
    guard let place = try lastSeal(segments) else {
      return try replay(segments, AuditState(), from: 0)
    }
    return try replay(Array(segments[place.segment...]), nil, from: place.offset)
  }

  private struct Place {
    let segment: Int
    /// Where its line begins.
    let offset: Int
  }

  private func lastSeal(_ segments: [AuditFiles.Segment]) throws -> Place? {
    for index in segments.indices.reversed() {
      var found: Int?
      try AuditReader.forEachLineFromEnd(files.path(segments[index])) { offset, line in
        if AuditLine(line)?.isSeal == true { found = offset }
        return found == nil
      }
      if let found { return Place(segment: index, offset: found) }
    }
    return nil
  }

  /// The state after the last line.
  ///
  /// - Parameter start: The state before the first line; `nil` where that is a seal.
  /// - Parameter offset: Where the first line begins in the first segment.
  /// - Parameter end: Bytes of the last segment that are read.
  func replay(
    _ segments: [AuditFiles.Segment], _ start: AuditState?, from offset: Int, upTo end: Int = .max
  ) throws -> AuditState {
    var state = start
    for (index, segment) in segments.enumerated() {
      if let state, state.size != segment.first {
        throw Self.broken(segment.name, "it does not begin with line \(state.size)")
      }
      let isLast = index == segments.count - 1
      try AuditReader.forEachLine(
        files.path(segment), from: index == 0 ? offset : 0, upTo: isLast ? end : .max
      ) { line in
        try take(line, &state, segment)
        return true
      }
    }
    guard let state else { throw Self.broken(segments.last?.name ?? "", "it has no lines") }
    return state
  }

  private func take(
    _ bytes: UnsafeRawBufferPointer, _ state: inout AuditState?, _ segment: AuditFiles.Segment
  ) throws {
    guard let line = AuditLine(bytes) else {
      throw Self.broken(segment.name, "a line has not the form of one")
    }
    if line.isSeal {
      guard let seal = AuditSeal(bytes, line.body), var after = seal.state,
        line.number == after.size, line.previous == after.chain
      else {
        throw Self.broken(segment.name, "the seal in line \(line.number) does not fit")
      }
      if let before = state, !seal.isOf(before) {
        throw Self.broken(segment.name, "the seal in line \(line.number) does not fit")
      }
      after.append(bytes)
      after.sealed(seal.epoch, next: seal.next, at: seal.at)
      state = after
      return
    }
    guard var after = state, line.number == after.size, line.previous == after.chain else {
      throw Self.broken(segment.name, "line \(line.number) does not follow from the one before")
    }
    after.append(bytes)
    if after.unsealedSince == nil {
      after.unsealedSince = try Self.record(bytes[line.body], segment).at
    }
    state = after
  }

  static func record(
    _ bytes: some Sequence<UInt8>, _ segment: AuditFiles.Segment
  ) throws -> AuditEvent {
    do { return try ApplianceJSON.decode(AuditEvent.self, from: bytes) } catch {
      throw broken(segment.name, "a line has no record that can be read")
    }
  }

  static func broken(_ file: String, _ what: String) -> ApplianceError {
    ApplianceError(
      .auditBroken, "\(file): \(what)",
      hint:
        "kafclaw audit verify names what was changed; then kafclaw audit begin-anew --reason TEXT")
  }
}
