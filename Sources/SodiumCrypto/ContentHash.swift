// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CSodium

/// BLAKE2b-256 (RFC 7693) of content, with a key or without one. With a key, whoever lacks it cannot
/// tell whether some content is there.
public final class ContentHash {
  /// Length. Bytes.
  public static let count = 32

  private let state: UnsafeMutableRawPointer

  public init(key: SecretKey? = nil) {
    Sodium.require()
    // The state wants to lie at a multiple of 64 (libsodium, "Generic hashing").
    state = UnsafeMutableRawPointer.allocate(
      byteCount: crypto_generichash_statebytes(), alignment: 64)
    if let key {
      key.withPointer { _ = crypto_generichash_init(pointer, $0, SecretKey.count, Self.count) }
    } else {
      crypto_generichash_init(pointer, nil, 0, Self.count)
    }
  }

  deinit {
    sodium_memzero(state, crypto_generichash_statebytes())
    state.deallocate()
  }

  private var pointer: OpaquePointer { OpaquePointer(state) }

  public func update(_ bytes: UnsafeRawBufferPointer) {
    crypto_generichash_update(
      pointer, bytes.assumingMemoryBound(to: UInt8.self).baseAddress, UInt64(bytes.count))
  }

  public func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  /// The hash of everything that was given; the state is of no use afterwards.
  public func value() -> HashValue {
    var bytes = [UInt8](repeating: 0, count: Self.count)
    crypto_generichash_final(pointer, &bytes, bytes.count)
    return HashValue(bytes) ?? HashValue()
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
