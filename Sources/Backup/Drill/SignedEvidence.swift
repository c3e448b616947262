// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import SodiumCrypto

/// Evidence with an Ed25519 signature of who saw it, so that it can be checked without this host.
///
/// The signature is over `kafclaw-drill/1` and a line feed, and the evidence as JSON with sorted names
/// and no white space.
public struct SignedEvidence: Sendable, Codable {
  public let formatVersion: Int
  public let evidence: DrillEvidence
  /// Public key, hexadecimal.
  public let signer: String
  /// Hexadecimal.
  public let signature: String

  /// Bytes of a file of evidence.
  public static let limit = 4 << 20

  public init(_ evidence: DrillEvidence, by key: SigningKey) throws {
    formatVersion = 1
    self.evidence = evidence
    signer = Hexadecimal.encode(key.publicKey)
    signature = Hexadecimal.encode(key.sign(try Self.message(evidence)))
  }

  /// Reads a file of evidence.
  ///
  /// - Throws: `backup.damaged` unless its signer signed what it says.
  public init(_ bytes: [UInt8]) throws {
    do { self = try ApplianceJSON.decode(Self.self, from: bytes, limit: Self.limit) } catch {
      throw ApplianceError(
        .backupDamaged, "this is no evidence of a drill",
        hint: "kafclaw backup drill tells the file that it wrote: drill-….json")
    }
    guard formatVersion == 1, evidence.formatVersion == 1 else {
      throw ApplianceError(
        .backupDamaged, "the evidence has another format", hint: "use a newer version of kafclaw")
    }
    guard let key = Hexadecimal.decode(signer), key.count == Ed25519.keyBytes,
      let signature = Hexadecimal.decode(signature),
      Ed25519.verifies(signature: signature, of: try Self.message(evidence), key: key)
    else {
      throw ApplianceError(
        .backupDamaged, "the evidence was not signed by the key that it names",
        hint: "it was changed; get it again from the host that made the drill")
    }
  }

  public func bytes() throws -> [UInt8] { try ApplianceJSON.encode(self, pretty: true) }

  /// - Throws: `backup.key` when somebody else signed it.
  public func require(_ wanted: String) throws {
    guard signer == wanted else {
      throw ApplianceError(
        .backupKey, "the evidence was signed by \(signer)",
        hint: "kafclaw backup drill tells the key of the host that makes the drills")
    }
  }

  private static func message(_ evidence: DrillEvidence) throws -> [UInt8] {
    Array("kafclaw-drill/1\n".utf8) + (try ApplianceJSON.encode(evidence))
  }
}
