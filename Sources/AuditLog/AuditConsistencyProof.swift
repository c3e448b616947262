// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials
public import SodiumCrypto

/// That a log continues what it was at an older checkpoint: no line of then was changed, removed or
/// added since. For somebody who has neither; RFC 9162, 2.1.4.
public struct AuditConsistencyProof: Sendable, Codable, Equatable {
  public var formatVersion = 1
  public let from: AuditCheckpoint
  public let to: AuditCheckpoint
  /// Hashes of subtrees, in the order of the RFC; at most one more than the tree is high.
  public let path: [String]

  /// How many lines came between, when both signatures and the hashes fit together.
  ///
  /// It is a statement about a log of then only where `from` is the checkpoint that was kept: whoever
  /// has the key can sign another one.
  ///
  /// - Throws: `audit.broken`.
  public func verified(by key: String) throws -> UInt64 {
    guard formatVersion == 1 else {
      throw AuditProof.broken("its format \(formatVersion) is not known")
    }
    let hashes = path.compactMap { HashValue(hexadecimal: $0) }
    guard let olderRoot = HashValue(hexadecimal: from.root),
      let newerRoot = HashValue(hexadecimal: to.root), hashes.count == path.count,
      from.isSigned(by: key), to.isSigned(by: key)
    else {
      throw AuditProof.broken("a checkpoint is not signed by the key \(key.prefix(16))…")
    }
    let isContinued = ConsistencyPath.verify(
      hashes, older: from.size, olderRoot: olderRoot, newer: to.size, newerRoot: newerRoot)
    guard isContinued else {
      throw AuditProof.broken("the newer log does not begin with the older one")
    }
    return to.size - from.size
  }
}

/// A proof of either kind.
public enum AuditEvidence: Sendable, Decodable {
  case record(AuditProof)
  case consistency(AuditConsistencyProof)

  private enum CodingKeys: String, CodingKey {
    case from
  }

  /// A proof of consistency has a checkpoint that it starts from.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if container.contains(.from) {
      self = .consistency(try AuditConsistencyProof(from: decoder))
    } else {
      self = .record(try AuditProof(from: decoder))
    }
  }
}

extension AuditArchive {
  /// The log as it stands, signed, with the proof that it continues an older checkpoint.
  ///
  /// - Throws: `audit.broken` for a log that is damaged or does not continue it, and for a checkpoint
  ///   that is not by this key.
  public func consistencyProof(
    since older: AuditCheckpoint, at now: Date, by key: SigningKey
  ) throws -> AuditConsistencyProof {
    let name = Hexadecimal.encode(key.publicKey)
    guard older.isSigned(by: name) else {
      throw ApplianceError(
        .auditBroken, "the older checkpoint is not signed by this host's key \(name.prefix(16))…",
        hint: "kafclaw audit checkpoint shows the key; was the tomb exchanged?")
    }
    let newer = try checkpoint(at: now, by: key)
    guard older.size <= newer.size else {
      throw Self.discontinued(
        older, "the log has \(newer.size) lines, and had \(older.size) at")
    }
    var path = ConsistencyPath(since: older.size)
    try forEachLeaf(of: newer) { path.append($0) }
    guard let hashes = path.finish(), path.olderRoot?.hexadecimal == older.root else {
      throw Self.discontinued(older, "the log's first \(older.size) lines are not those of")
    }
    let proof = AuditConsistencyProof(from: older, to: newer, path: hashes.map(\.hexadecimal))
    // The lines were read twice; whoever changes them meanwhile gets no proof.
    _ = try proof.verified(by: name)
    return proof
  }

  private static func discontinued(_ older: AuditCheckpoint, _ what: String) -> ApplianceError {
    ApplianceError(
      .auditBroken, "\(what) the checkpoint of \(older.at.formatted(.iso8601))",
      hint: "another log stands in its place, or it was rewritten; kafclaw audit verify")
  }
}
