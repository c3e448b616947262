// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CSodium

/// An Ed25519 key pair (RFC 8032) of the appliance's own: what it states can be checked by others.
public struct SigningKey: Sendable {
  public let publicKey: [UInt8]
  public let seed: SecretKey

  public static func random() throws -> SigningKey { try SigningKey(seed: .random()) }

  /// - Throws: `crypto.malformed`.
  public init(seed: SecretKey) throws {
    var derived = [UInt8](repeating: 0, count: Ed25519.keyBytes)
    var expanded = [UInt8](repeating: 0, count: Int(crypto_sign_SECRETKEYBYTES))
    defer { sodium_memzero(&expanded, expanded.count) }
    guard seed.withPointer({ crypto_sign_seed_keypair(&derived, &expanded, $0) }) == 0 else {
      throw ApplianceError(.ciphertextMalformed, "a signing key cannot be made of this seed")
    }
    (publicKey, self.seed) = (derived, seed)
  }

  public func sign(_ message: [UInt8]) -> [UInt8] {
    var derived = [UInt8](repeating: 0, count: Ed25519.keyBytes)
    var expanded = [UInt8](repeating: 0, count: Int(crypto_sign_SECRETKEYBYTES))
    defer { sodium_memzero(&expanded, expanded.count) }
    var signature = [UInt8](repeating: 0, count: Ed25519.signatureBytes)
    _ = seed.withPointer { crypto_sign_seed_keypair(&derived, &expanded, $0) }
    crypto_sign_detached(&signature, nil, message, UInt64(message.count), expanded)
    return signature
  }
}
