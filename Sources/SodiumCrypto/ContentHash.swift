// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CSodium
import Crypto

/// SHA-256 (FIPS 180-4) of content, or with a key HMAC-SHA-256 (RFC 2104): whoever lacks the key cannot
/// tell whether some content is there.
///
/// Processors have instructions for it: here it takes a third of the time of libsodium's BLAKE2b.
public final class ContentHash {
  private enum State {
    case plain(Crypto.SHA256)
    case keyed(HMAC<Crypto.SHA256>)
  }

  private var state: State

  public init(key: SecretKey? = nil) {
    guard let key else {
      state = .plain(Crypto.SHA256())
      return
    }
    state = key.withPointer {
      let bytes = UnsafeRawBufferPointer(start: $0, count: SecretKey.count)
      return .keyed(HMAC<Crypto.SHA256>(key: SymmetricKey(data: bytes)))
    }
  }

  public func update(_ bytes: UnsafeRawBufferPointer) {
    switch state {
    case .plain(var hash):
      hash.update(bufferPointer: bytes)
      state = .plain(hash)
    case .keyed(var code):
      code.update(data: bytes)
      state = .keyed(code)
    }
  }

  public func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  /// The hash of everything that was given so far.
  public func value() -> HashValue {
    switch state {
    case .plain(let hash): hash.finalize().withUnsafeBytes { HashValue($0) } ?? HashValue()
    case .keyed(let code): code.finalize().withUnsafeBytes { HashValue($0) } ?? HashValue()
    }
  }

  public static func of(_ bytes: [UInt8], key: SecretKey? = nil) -> HashValue {
    let hash = ContentHash(key: key)
    hash.update(bytes)
    return hash.value()
  }
}

extension SealedBytes {
  /// As ``open(_:key:context:)``, for content that is no secret of its own.
  ///
  /// - Throws: `crypto.not-authentic`, `crypto.malformed`.
  public static func openContent(
    _ sealed: UnsafeRawBufferPointer, key: SecretKey, context: [UInt8]
  ) throws -> [UInt8] {
    let bytes = sealed.assumingMemoryBound(to: UInt8.self)
    guard sealed.count >= overhead, let start = bytes.baseAddress else {
      throw ApplianceError.malformedCiphertext("a ciphertext")
    }
    let length = sealed.count - overhead
    // The array says itself how much of it was written.
    return try [UInt8](unsafeUninitializedCapacity: length) { target, count in
      let isAuthentic = key.withPointer { key in
        crypto_aead_xchacha20poly1305_ietf_decrypt(
          target.baseAddress, nil, nil, start + nonceBytes, UInt64(sealed.count - nonceBytes),
          context, UInt64(context.count), start, key) == 0
      }
      guard isAuthentic else {
        throw ApplianceError(
          .notAuthentic, "the bytes were changed, or sealed under another key or name")
      }
      count = length
    }
  }
}
