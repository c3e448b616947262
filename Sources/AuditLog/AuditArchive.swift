// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials
import Glibc
public import SodiumCrypto

/// Reads the records of a log.
public struct AuditArchive: Sendable {
  let files: AuditFiles

  public init(_ files: AuditFiles) { self.files = files }

  /// A record and its line's number.
  public struct Entry: Sendable, Codable, Equatable {
    public let sequence: UInt64
    public let event: AuditEvent
  }

  /// The newest records that fit, oldest first.
  public func newest(
    _ count: Int, where fits: (AuditEvent) -> Bool = { _ in true }
  ) throws -> [Entry] {
    var found: [Entry] = []
    for segment in try files.segments().reversed() where found.count < count {
      try AuditReader.forEachLineFromEnd(files.path(segment)) { _, bytes in
        guard let line = AuditLine(bytes), !line.isSeal else { return true }
        // `try?`: a line that is damaged is for `audit verify` to tell.
        let event = try? ApplianceJSON.decode(AuditEvent.self, from: Array(bytes[line.body]))
        guard let event, fits(event) else { return true }
        found.append(Entry(sequence: line.number, event: event))
        return found.count < count
      }
    }
    return found.reversed()
  }

  /// The log as it stands, signed.
  ///
  /// - Throws: `audit.broken` for a log that is damaged: nothing is signed then.
  public func checkpoint(at now: Date, by key: SigningKey) throws -> AuditCheckpoint {
    let (size, root) = try verified()
    return AuditCheckpoint(size: size, root: root, at: now, by: key)
  }

  /// A record with the proof that it is in the log.
  ///
  /// - Parameter id: The event's id, or the number of its line.
  /// - Throws: `audit.missing`, `audit.broken`.
  public func proof(of id: String, at now: Date, by key: SigningKey) throws -> AuditProof {
    let checkpoint = try checkpoint(at: now, by: key)
    guard let (sequence, line) = try find(id) else {
      throw ApplianceError(
        .auditMissing, "no record has the id or number \"\(VisibleText.escape(id))\"",
        hint: "kafclaw audit show")
    }
    var path = InclusionPath(of: sequence)
    try forEachLeaf(of: checkpoint) { path.append($0) }
    guard let hashes = path.finish() else {
      throw ApplianceError(.auditMissing, "the record is newer than the checkpoint")
    }
    return AuditProof(
      sequence: sequence, line: line, path: hashes.map(\.hexadecimal), checkpoint: checkpoint)
  }

  /// Lines that came since are not in the checkpoint.
  func forEachLeaf(of checkpoint: AuditCheckpoint, _ body: (HashValue) -> Void) throws {
    var count: UInt64 = 0
    for segment in try files.segments() {
      try AuditReader.forEachLine(files.path(segment)) { bytes in
        guard count < checkpoint.size else { return false }
        body(HashTree.leaf(bytes))
        count += 1
        return true
      }
    }
  }

  private func find(_ id: String) throws -> (UInt64, String)? {
    let wanted = Array("\"id\":\"\(id)\"".utf8)
    var found: (UInt64, String)?
    for segment in try files.segments() where found == nil {
      try AuditReader.forEachLine(files.path(segment)) { bytes in
        guard let line = AuditLine(bytes), !line.isSeal else { return true }
        guard
          String(line.number) == id
            || (Self.contains(bytes, wanted) && Self.isRecord(bytes[line.body], id))
        else { return true }
        found = (line.number, String(decoding: bytes, as: UTF8.self))
        return false
      }
    }
    return found
  }

  /// A detail may have that name and text too.
  private static func isRecord(_ bytes: some Sequence<UInt8>, _ id: String) -> Bool {
    // `try?`: what cannot be read is not that record.
    (try? ApplianceJSON.decode(AuditEvent.self, from: bytes))?.id == id
  }

  private static func contains(_ line: UnsafeRawBufferPointer, _ text: [UInt8]) -> Bool {
    guard let base = line.baseAddress, let first = text.first else { return false }
    var offset = 0
    while offset + text.count <= line.count,
      let next = memchr(base + offset, Int32(first), line.count - offset - text.count + 1)
    {
      let start = UnsafeRawPointer(next) - base
      if text.withUnsafeBytes({ memcmp(base + start, $0.baseAddress ?? base, $0.count) }) == 0 {
        return true
      }
      offset = start + 1
    }
    return false
  }

  private func verified() throws -> (size: UInt64, root: HashValue) {
    var verifier = AuditVerifier(files)
    let verdict = try verifier.verify()
    guard let first = verdict.findings.first else {
      return (verdict.lines, HashValue(hexadecimal: verdict.root) ?? HashValue())
    }
    throw ApplianceError(
      .auditBroken,
      "\(first.file), line \(first.sequence), \(first.damage.rawValue): "
        + first.message, hint: "kafclaw audit verify")
  }
}
