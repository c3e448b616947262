// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials

/// What an operator signs to let a host follow a branch once to a commit that does not descend from
/// the one it accepted.
///
/// It names both commits and ends by itself, so that it is good for this one rewind only; to use it
/// once is up to whoever keeps the record of what was accepted.
public struct EmergencyStatement: Sendable, Codable, Equatable {
  /// What statements are signed for: `ssh-keygen -Y sign -n emergency@kafclaw`.
  public static let namespace = "emergency@kafclaw"
  /// The longest statement that is read. Bytes.
  public static let limit = 4 << 10

  private static let kind = "rewind"
  private static let formatVersion: Int64 = 1

  /// The repository's address as `appliance.yaml` has it.
  public let repository: String
  public let branch: String
  /// The accepted commit that is given up.
  public let from: String
  /// The commit that takes its place.
  public let to: String
  /// When the permission ends, in whole seconds.
  public let notAfter: Date

  public init(repository: String, branch: String, from: String, to: String, notAfter: Date) {
    (self.repository, self.branch, self.from, self.to) = (repository, branch, from, to)
    self.notAfter = Date(timeIntervalSince1970: notAfter.timeIntervalSince1970.rounded(.down))
  }

  /// The exact text that is signed: canonical JSON and a line feed.
  public var signedBytes: [UInt8] {
    let members: JSONValue = [
      "branch": .string(branch), "formatVersion": .integer(Self.formatVersion),
      "from": .string(from), "kind": .string(Self.kind),
      "notAfter": .string(notAfter.formatted(.iso8601)), "repository": .string(repository),
      "to": .string(to),
    ]
    return CanonicalJSON.bytes(members) + [UInt8(ascii: "\n")]
  }

  /// Reads a statement and proves that it counts now.
  ///
  /// - Parameters:
  ///   - signature: The armored signature, as `ssh-keygen -Y sign` writes it.
  ///   - now: This host's time.
  /// - Throws: `provenance.malformed` or `provenance.key-type` for other forms;
  ///   `provenance.refused` when the signature is not good, its key is not that of a signer with
  ///   the role `emergency` and without path limits, or the time is over.
  public static func verify(
    bytes: [UInt8], signature: [UInt8], signers: [Signer], at now: Date
  ) throws -> EmergencyStatement {
    try requireSize(of: bytes)
    let signature = try SSHSignature(armored: signature)
    guard signature.verifies(bytes, namespace: namespace) else {
      throw ApplianceError(
        .provenanceRefused, "the signature is not one of this statement for \"\(namespace)\"",
        hint: "ssh-keygen -Y sign -n \(namespace) -f KEY FILE")
    }
    let request = SignerPolicy.Request(
      key: signature.publicKey, role: .emergency, receivedAt: now, concernsAll: true)
    do {
      _ = try SignerPolicy(signers: signers).signer(for: request)
    } catch {
      throw ApplianceError(.provenanceRefused, error.message)
    }
    // Only now: what nobody signed is not even parsed.
    let statement = try EmergencyStatement(parsing: bytes)
    guard statement.notAfter.timeIntervalSince(now) >= 0 else {
      throw ApplianceError(
        .provenanceRefused, "the statement ended at \(statement.notAfter.formatted(.iso8601))")
    }
    return statement
  }
}

extension EmergencyStatement {
  /// - Throws: `provenance.malformed` unless the bytes are exactly ``signedBytes`` of what they
  ///   say.
  init(parsing bytes: [UInt8]) throws {
    let other = ApplianceError.malformed("the statement is not one that kafclaw wrote")
    try Self.requireSize(of: bytes)
    let json: JSONValue
    do {
      json = try ApplianceJSON.decode(JSONValue.self, from: bytes)
    } catch {
      throw ApplianceError.malformed("the statement is not JSON")
    }
    guard let repository = json["repository"]?.stringValue,
      let branch = json["branch"]?.stringValue,
      let from = json["from"]?.stringValue, let to = json["to"]?.stringValue,
      let end = json["notAfter"]?.stringValue, end.utf8.count == 20,
      end.utf8.allSatisfy({ $0 < 0x80 })
    else { throw other }
    // `try?`: what is no date is reported below.
    guard let notAfter = try? Date(end, strategy: .iso8601) else { throw other }
    self.init(repository: repository, branch: branch, from: from, to: to, notAfter: notAfter)
    guard signedBytes == bytes else { throw other }
    guard Self.isName(repository), Self.isName(branch) else {
      throw ApplianceError.malformed("the statement's repository or branch is not visible text")
    }
    guard ObjectID.isWellFormed(from.utf8), ObjectID.isWellFormed(to.utf8) else {
      throw ApplianceError.malformed(
        "the statement's commits are not ids of 40 hexadecimal digits")
    }
    guard from != to else {
      throw ApplianceError.malformed("the statement leads from commit \(from) to itself")
    }
  }

  private static func requireSize(of bytes: [UInt8]) throws {
    guard bytes.count <= limit else {
      throw ApplianceError.malformed(
        "the statement has \(bytes.count) bytes; \(limit) are allowed")
    }
  }

  private static func isName(_ text: String) -> Bool {
    !text.isEmpty && !text.unicodeScalars.contains(where: VisibleText.isInvisible)
  }
}
