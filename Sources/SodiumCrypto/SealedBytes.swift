// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import CSodium

/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha; libsodium, "AEAD constructions"): a random nonce of
/// 24 bytes, then the ciphertext with its tag of 16.
public enum SealedBytes {
  static let nonceBytes = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
  static let tagBytes = Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)

  /// What sealing adds. Bytes.
  public static let overhead = nonceBytes + tagBytes

  /// - Parameter context: What these bytes are: opening them as anything else fails.
  public static func seal(
    _ plaintext: UnsafeRawBufferPointer, key: SecretKey, context: [UInt8]
  ) -> [UInt8] {
    let nonce = SecureRandom.bytes(nonceBytes)
    var sealed = [UInt8](repeating: 0, count: plaintext.count + tagBytes)
    _ = key.withPointer { key in
      crypto_aead_xchacha20poly1305_ietf_encrypt(
        &sealed, nil, plaintext.assumingMemoryBound(to: UInt8.self).baseAddress,
        UInt64(plaintext.count), context, UInt64(context.count), nil, nonce, key)
    }
    return nonce + sealed
  }

  /// - Throws: `crypto.not-authentic`, `crypto.malformed`.
  public static func open(
    _ sealed: some Collection<UInt8>, key: SecretKey, context: [UInt8]
  ) throws -> SecretValue {
    let sealed = Array(sealed)
    guard sealed.count >= overhead else { throw ApplianceError.malformedCiphertext("a ciphertext") }
    return try SecretValue(count: sealed.count - overhead) { target in
      let nonce = Array(sealed[..<nonceBytes])
      let body = Array(sealed[nonceBytes...])
      let isAuthentic = key.withPointer { key in
        crypto_aead_xchacha20poly1305_ietf_decrypt(
          target.assumingMemoryBound(to: UInt8.self).baseAddress, nil, nil, body,
          UInt64(body.count), context, UInt64(context.count), nonce, key) == 0
      }
      guard isAuthentic else {
        throw ApplianceError(
          .notAuthentic, "the bytes were changed, or sealed under another key or name")
      }
    }
  }
}

/// A keyed BLAKE2b-256 tag over public bytes: whoever lacks the key can change nothing unseen.
public enum KeyedTag {
  /// Length. Bytes.
  public static let count = 32

  public static func tag(_ bytes: [UInt8], key: SecretKey) -> [UInt8] {
    var tag = [UInt8](repeating: 0, count: count)
    _ = key.withPointer { key in
      crypto_generichash(&tag, tag.count, bytes, UInt64(bytes.count), key, SecretKey.count)
    }
    return tag
  }

  /// Compares in constant time.
  public static func isTag(_ tag: [UInt8], of bytes: [UInt8], key: SecretKey) -> Bool {
    tag.count == count && sodium_memcmp(tag, self.tag(bytes, key: key), count) == 0
  }
}
