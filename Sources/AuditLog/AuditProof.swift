// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials
import SodiumCrypto

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

  static func broken(_ what: String) -> ApplianceError {
    ApplianceError(.auditBroken, "the proof does not hold: \(what)")
  }
}
