// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
import SodiumCrypto

/// Who took evidence, when, why, and what it is.
public struct CustodyRecord: Sendable, Codable, Equatable {
  public var formatVersion = 1
  /// The incident's id; `nil` when nothing was contained.
  public let incident: String?
  public let reason: String
  public let by: String
  public let at: Date
  /// Head of the repository in it.
  public let head: String
  public let program: String
  /// By path inside the folder.
  public let files: [String: Digest]

  public init(
    incident: String?, reason: String, by: String, at: Date, head: String,
    files: [String: Digest]
  ) {
    (self.incident, self.reason, self.by, self.at) = (incident, reason, by, at)
    (self.head, self.files) = (head, files)
    program = ApplianceVersion.current
  }
}

/// A custody record with an Ed25519 signature of the host, over `kafclaw-custody/1`, a line feed, and
/// the record as JSON with sorted names and no white space.
public struct SignedCustody: Sendable, Codable {
  public let record: CustodyRecord
  /// Public key, hexadecimal.
  public let signer: String
  /// Hexadecimal.
  public let signature: String

  init(_ record: CustodyRecord, by key: SigningKey) throws {
    self.record = record
    signer = Hexadecimal.encode(key.publicKey)
    signature = Hexadecimal.encode(key.sign(try Self.message(record)))
  }

  /// - Throws: `custody.broken` unless its signer signed what it says.
  public func verify() throws {
    guard let key = Hexadecimal.decode(signer), key.count == Ed25519.keyBytes,
      let code = Hexadecimal.decode(signature),
      Ed25519.verifies(signature: code, of: try Self.message(record), key: key)
    else {
      throw ApplianceError(
        .custodyBroken, "the custody record was not signed by the key that it names",
        hint: "compare with another copy of the evidence")
    }
  }

  private static func message(_ record: CustodyRecord) throws -> [UInt8] {
    Array("kafclaw-custody/1\n".utf8) + (try ApplianceJSON.encode(record))
  }
}

extension ApplianceError.Code {
  /// Evidence is not what its custody record says.
  public static let custodyBroken = Self("custody.broken")
}

extension HostBackup {
  /// Signs a custody record with the key that signs this host's backups.
  public func sign(_ record: CustodyRecord) throws -> SignedCustody {
    try SignedCustody(record, by: try signer())
  }
}
