// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import SodiumCrypto

/// A detached signature of SSH (PROTOCOL.sshsig of OpenSSH), made with an Ed25519 key.
public struct SSHSignature: Sendable, Equatable {
  /// How the message is hashed before it is signed.
  public enum HashAlgorithm: String, Sendable, CaseIterable {
    case sha256
    case sha512

    func digest(_ bytes: [UInt8]) -> [UInt8] {
      switch self {
      case .sha256: SHA256.raw(bytes)
      case .sha512: SHA512.digest(bytes)
      }
    }
  }

  private static let magic = "SSHSIG"
  private static let version: UInt32 = 1

  /// The key that the signature names; whether it is anybody's is not known here.
  public let publicKey: SSHPublicKey
  /// What the signature is for; one made for another purpose never verifies.
  public let namespace: String
  public let hashAlgorithm: HashAlgorithm
  /// The Ed25519 signature, 64 bytes.
  public let signature: [UInt8]

  /// Reads an armored signature.
  ///
  /// - Throws: `provenance.key-type` for another kind of key or signature, `provenance.malformed`
  ///   for any deviation from the form: other versions, reserved bytes in use, bytes at the end.
  public init(armored: [UInt8]) throws {
    var reader = WireReader(try SignatureArmor.decode(armored), subject: "the signature")
    guard try reader.bytes(Self.magic.utf8.count, "magic").elementsEqual(Self.magic.utf8) else {
      throw ApplianceError.malformed("the signature does not begin with \"\(Self.magic)\"")
    }
    let version = try reader.number("version")
    guard version == Self.version else {
      throw ApplianceError.malformed("the signature has version \(version), only 1 is read")
    }
    publicKey = try SSHPublicKey(blob: try reader.string("public key"))
    namespace = try Self.word(try reader.string("namespace"))
    guard try reader.string("reserved field").isEmpty else {
      throw ApplianceError.malformed("the signature uses its reserved field")
    }
    let hash = try reader.string("hash algorithm")
    guard
      let algorithm = HashAlgorithm.allCases.first(where: { hash.elementsEqual($0.rawValue.utf8) })
    else {
      throw ApplianceError.malformed(
        "the signature hashes with \"\(Excerpt.of(hash))\", not with sha256 or sha512")
    }
    hashAlgorithm = algorithm
    signature = try Self.inner(try reader.string("signature"))
    try reader.requireEnd()
  }

  /// Whether this is a signature of the message for the purpose, by the key that it names.
  public func verifies(_ message: [UInt8], namespace: String) -> Bool {
    guard self.namespace.utf8.elementsEqual(namespace.utf8) else { return false }
    let signed =
      Array(Self.magic.utf8) + WireForm.string(namespace.utf8) + WireForm.string([])
      + WireForm.string(hashAlgorithm.rawValue.utf8)
      + WireForm.string(hashAlgorithm.digest(message))
    return Ed25519.verifies(signature: signature, of: signed, key: publicKey.bytes)
  }

  /// A namespace: visible ASCII, never empty.
  private static func word(_ bytes: [UInt8]) throws -> String {
    guard (1...255).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw ApplianceError.malformed("the signature's namespace is \"\(Excerpt.of(bytes))\"")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The signature proper (RFC 8709 §6).
  private static func inner(_ bytes: [UInt8]) throws -> [UInt8] {
    var reader = WireReader(bytes, subject: "the inner signature")
    let algorithm = try reader.string("algorithm")
    guard algorithm.elementsEqual(SSHPublicKey.algorithm.utf8) else {
      throw ApplianceError.keyType(
        "signatures of type \"\(Excerpt.of(algorithm))\" are not accepted")
    }
    let signature = try reader.string("bytes")
    try reader.requireEnd()
    guard signature.count == Ed25519.signatureBytes else {
      throw ApplianceError.malformed("the signature has \(signature.count) bytes instead of 64")
    }
    return signature
  }
}
