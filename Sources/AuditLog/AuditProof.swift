// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials
import Glibc
public import SodiumCrypto

/// What the log is at one moment, signed with the appliance's own key: to be kept elsewhere, or to be
/// compared with a later one.
public struct AuditCheckpoint: Sendable, Codable, Equatable {
  public var formatVersion = 1
  public let at: Date
  /// Lines.
  public let size: UInt64
  /// Root of the hash tree over them.
  public let root: String
  /// Who signed; 64 hexadecimal digits.
  public let publicKey: String
  public private(set) var signature: String

  init(size: UInt64, root: HashValue, at now: Date, by key: SigningKey) {
    at = now.inWholeSeconds
    (self.size, self.root) = (size, root.hexadecimal)
    publicKey = Hexadecimal.encode(key.publicKey)
    signature = ""
    signature = Hexadecimal.encode(key.sign(signedBytes))
  }

  private var signedBytes: [UInt8] {
    var bytes = Array("kafclaw audit checkpoint 1\n".utf8)
    bytes.append(number: UInt64(max(0, min(at.timeIntervalSince1970, 253_402_300_799))))
    bytes.append(number: size)
    return bytes + Array("\(root) \(publicKey)".utf8)
  }

  /// Whether the holder of this key signed it.
  public func isSigned(by key: String) -> Bool {
    guard key == publicKey, let key = Hexadecimal.decode(key),
      let signature = Hexadecimal.decode(signature)
    else { return false }
    return Ed25519.verifies(signature: signature, of: signedBytes, key: key)
  }
}

/// That one record is in the log that a checkpoint signs, for somebody who has neither: RFC 9162,
/// 2.1.3.
public struct AuditProof: Sendable, Codable, Equatable {
  public var formatVersion = 1
  public let sequence: UInt64
  /// The line as it stands in the log.
  public let line: String
  /// Hashes of the siblings on the way to the root, nearest first.
  public let path: [String]
  public let checkpoint: AuditCheckpoint

  /// What the record says, when line, way and signature fit together.
  ///
  /// - Throws: `audit.broken`.
  public func verified(by key: String) throws -> AuditEvent {
    let bytes = Array(line.utf8)
    let hashes = path.compactMap { HashValue(hexadecimal: $0) }
    guard let root = HashValue(hexadecimal: checkpoint.root), hashes.count == path.count,
      checkpoint.isSigned(by: key)
    else { throw Self.broken("the checkpoint is not signed by the key \(key.prefix(16))…") }
    let isIncluded = bytes.withUnsafeBytes { bytes in
      InclusionPath.verify(
        leaf: HashTree.leaf(bytes), index: sequence, size: checkpoint.size, path: hashes,
        root: root)
    }
    guard isIncluded else { throw Self.broken("the line is not in the log that was signed") }
    return try bytes.withUnsafeBytes { bytes in
      guard let line = AuditLine(bytes), !line.isSeal, line.number == sequence else {
        throw Self.broken("the line is no record")
      }
      return try ApplianceJSON.decode(AuditEvent.self, from: Array(bytes[line.body]))
    }
  }

  private static func broken(_ what: String) -> ApplianceError {
    ApplianceError(.auditBroken, "the proof does not hold: \(what)")
  }
}

/// Reads the records of a log.
public struct AuditArchive: Sendable {
  private let files: AuditFiles

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
    for segment in try files.segments().reversed() {
      var here: [Entry] = []
      try AuditReader.forEachLine(files.path(segment)) { bytes in
        guard let line = AuditLine(bytes), !line.isSeal else { return true }
        // `try?`: a line that is damaged is for `audit verify` to tell.
        let event = try? ApplianceJSON.decode(AuditEvent.self, from: Array(bytes[line.body]))
        guard let event, fits(event) else { return true }
        here.append(Entry(sequence: line.number, event: event))
        if here.count > count { here.removeFirst(here.count - count) }
        return true
      }
      found = here.suffix(count - found.count) + found
      if found.count >= count { break }
    }
    return found
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
    var count: UInt64 = 0
    for segment in try files.segments() {
      try AuditReader.forEachLine(files.path(segment)) { bytes in
        // Lines that came since are not in the checkpoint.
        guard count < checkpoint.size else { return false }
        path.append(HashTree.leaf(bytes))
        count += 1
        return true
      }
    }
    guard let hashes = path.finish() else {
      throw ApplianceError(.auditMissing, "the record is newer than the checkpoint")
    }
    return AuditProof(
      sequence: sequence, line: line, path: hashes.map(\.hexadecimal), checkpoint: checkpoint)
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
