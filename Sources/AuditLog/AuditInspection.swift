// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials

/// Where a log stands and whether it can be continued: read from its last segment, without writing.
/// What came before is ``AuditVerifier``'s to read.
public struct AuditInspection: Sendable, Equatable {
  /// Why the log cannot be continued; `nil` when it can.
  public internal(set) var problem: String?
  /// Lines after the last seal.
  public internal(set) var unsealed: UInt64 = 0
  /// When the first of them was written.
  public internal(set) var unsealedSince: Date?
  /// When the log was sealed last; `nil` where no seal was read.
  public internal(set) var sealedAt: Date?
  /// When the newest record that was read was made.
  public internal(set) var newest: Date?
  /// Bytes of a last line that a crash tore; the next writer cuts them off.
  public internal(set) var tornBytes = 0

  /// - Returns: `nil` where no log was begun.
  /// - Throws: `io.*` when it cannot be read.
  public static func look(at files: AuditFiles) throws -> AuditInspection? {
    do {
      // `audit.origin` is there before the first line is.
      let snapshot = try AuditSnapshot(files, withKeys: true)
      let isBegun = try files.readOrigin()?.isBegun == true || snapshot.anchor != nil
      guard let last = snapshot.parts.last else {
        return isBegun ? AuditInspection(problem: "the audit log is gone") : nil
      }
      guard try files.readOrigin() != nil else {
        return AuditInspection(
          problem: "the public key of the first seal is not on this host: audit.origin is gone")
      }
      return try look(last, snapshot, files, isBegun: isBegun)
    } catch let error as ApplianceError where error.code == .auditBroken {
      return AuditInspection(problem: error.message)
    }
  }

  private static func look(
    _ last: AuditSnapshot.Part, _ snapshot: AuditSnapshot, _ files: AuditFiles, isBegun: Bool
  ) throws -> AuditInspection? {
    let marks = try LogMarks(last, files)
    var inspection = AuditInspection(newest: marks.newest, tornBytes: marks.tornBytes)
    do {
      let before = snapshot.parts.dropLast().last?.segment
      let state = try marks.state(AuditTail(files), last, before)
      // A crash left nothing of the first record.
      guard state.size > 0 || isBegun else { return nil }
      inspection.unsealed = state.size - min(state.size, state.sealed)
      (inspection.unsealedSince, inspection.sealedAt) = (state.unsealedSince, state.sealedAt)
      inspection.newest = [marks.newest, state.sealedAt].compactMap { $0 }.max()
      inspection.problem = try problem(state, snapshot, files)
    } catch let error as ApplianceError where error.code == .auditBroken {
      inspection.problem = error.message
    }
    return inspection
  }

  private static func problem(
    _ state: AuditState, _ snapshot: AuditSnapshot, _ files: AuditFiles
  ) throws -> String? {
    guard state.size > 0 else { return "the audit log is gone" }
    switch try SealStanding(state, snapshot.keys, files, anchor: snapshot.anchor) {
    case .settled, .unfinished: return nil
    case .broken(let why): return why
    }
  }
}

/// What is found in the last segment of a log when its lines are read once.
private struct LogMarks {
  /// When the last record was made.
  var newest: Date?
  var tornBytes = 0
  /// Where the last seal begins; `nil` where the segment has none.
  private var seal: Int?

  init(_ last: AuditSnapshot.Part, _ files: AuditFiles) throws {
    let path = files.path(last.segment)
    var (offset, seal, record): (Int, Int?, Int?) = (0, nil, nil)
    tornBytes = try AuditReader.forEachLine(path, upTo: last.length) { bytes in
      if let line = AuditLine(bytes) {
        if line.isSeal { seal = offset } else { record = offset }
      }
      offset += bytes.count + 1
      return true
    }
    self.seal = seal
    guard let record else { return }
    var newest: Date?
    try AuditReader.forEachLine(path, from: record, upTo: last.length) { bytes in
      // `try?`: a record that cannot be read has no time; replaying the lines tells of it.
      newest = AuditLine(bytes).flatMap { try? AuditTail.record(bytes[$0.body], last.segment).at }
      return false
    }
    self.newest = newest
  }

  /// The state after the last line, which must follow from the last seal.
  ///
  /// - Parameter before: The segment before the last one: it is ended by a seal.
  func state(
    _ tail: AuditTail, _ last: AuditSnapshot.Part, _ before: AuditFiles.Segment?
  ) throws -> AuditState {
    if let seal { return try tail.replay([last.segment], nil, from: seal, upTo: last.length) }
    guard last.segment.first > 0 else {
      return try tail.replay([last.segment], AuditState(), from: 0, upTo: last.length)
    }
    guard let before else {
      throw AuditTail.broken(last.segment.name, "the file before it is gone")
    }
    var end: Int?
    try AuditReader.forEachLineFromEnd(tail.files.path(before)) { offset, bytes in
      if AuditLine(bytes)?.isSeal == true { end = offset }
      return false
    }
    guard let end else { throw AuditTail.broken(before.name, "it does not end with a seal") }
    return try tail.replay([before, last.segment], nil, from: end, upTo: last.length)
  }
}
