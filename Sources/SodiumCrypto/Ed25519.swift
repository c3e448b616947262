// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import CSodium

/// Ed25519 signatures (RFC 8032): verification only, this product never signs commits.
public enum Ed25519 {
  /// Length of a public key. Bytes.
  public static let keyBytes = Int(crypto_sign_PUBLICKEYBYTES)
  /// Length of a signature. Bytes.
  public static let signatureBytes = Int(crypto_sign_BYTES)

  /// Whether the bytes are a public key that somebody can hold: the canonical form of a point of
  /// the main subgroup. Keys of low order, under which signatures of nobody verify, are none.
  public static func isKey(_ bytes: [UInt8]) -> Bool {
    Sodium.require()
    return bytes.count == keyBytes && crypto_core_ed25519_is_valid_point(bytes) == 1
  }

  /// Whether the detached signature is one of the message under the key. A signature, key or
  /// encoding of another length or form is a `false` like any other.
  public static func verifies(signature: [UInt8], of message: [UInt8], key: [UInt8]) -> Bool {
    guard signature.count == signatureBytes, isKey(key) else { return false }
    return crypto_sign_verify_detached(signature, message, UInt64(message.count), key) == 0
  }
}

/// SHA-512, where a format outside of ours asks for it.
public enum SHA512 {
  /// The 64 bytes of the digest.
  public static func digest(_ bytes: [UInt8]) -> [UInt8] {
    Sodium.require()
    var hash = [UInt8](repeating: 0, count: Int(crypto_hash_sha512_BYTES))
    crypto_hash_sha512(&hash, bytes, UInt64(bytes.count))
    return hash
  }
}

extension SHA256 {
  /// The 32 bytes of the digest, for formats that do not write it as ``Digest``.
  public static func raw(_ bytes: [UInt8]) -> [UInt8] {
    Sodium.require()
    var hash = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
    crypto_hash_sha256(&hash, bytes, UInt64(bytes.count))
    return hash
  }
}
