// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import CSodium
import Glibc

extension ApplianceError.Code {
  /// The system gave no protected memory for a key.
  public static let noSecureMemory = Self("crypto.memory")
}

/// 32 secret bytes in guarded memory (libsodium, "Secure memory"): out of core dumps, locked as far
/// as the limit of locked memory goes, overwritten when the last holder lets go.
public final class SecretKey: @unchecked Sendable {
  // `@unchecked Sendable`: the bytes are written in `init` only.
  private let bytes: UnsafeMutableRawPointer

  /// Length. Bytes.
  public static let count = 32

  /// - Parameter fill: Gets 32 bytes of memory to fill.
  /// - Throws: `crypto.memory`, and what `fill` throws.
  init(_ fill: (UnsafeMutablePointer<UInt8>) throws -> Void) throws {
    Sodium.require()
    guard let bytes = sodium_malloc(Self.count) else {
      throw ApplianceError(
        .noSecureMemory, "there is no protected memory for a key",
        hint: "raise the limit of locked memory (ulimit -l)")
    }
    do {
      try fill(bytes.assumingMemoryBound(to: UInt8.self))
    } catch {
      sodium_free(bytes)
      throw error
    }
    sodium_mprotect_readonly(bytes)
    self.bytes = bytes
  }

  deinit { sodium_free(bytes) }

  public static func random() throws -> SecretKey {
    try SecretKey { randombytes_buf($0, count) }
  }

  /// - Throws: `crypto.malformed` for another length.
  public convenience init(copying source: UnsafeRawBufferPointer) throws {
    guard source.count == Self.count, let start = source.baseAddress else {
      throw ApplianceError.malformedCiphertext("a key")
    }
    try self.init { memcpy($0, start, Self.count) }
  }

  /// The `number`-th key that is derived for a purpose of eight bytes (libsodium, "Key
  /// derivation"): without this one nobody can make it, and it tells nothing about this one.
  public func subkey(_ number: UInt64, _ purpose: Purpose) throws -> SecretKey {
    try SecretKey { target in
      let context = Array(purpose.rawValue.utf8).map { CChar(bitPattern: $0) }
      guard context.count == Int(crypto_kdf_CONTEXTBYTES),
        withPointer({
          crypto_kdf_derive_from_key(target, Self.count, number, context, $0)
        }) == 0
      else { throw ApplianceError.malformedCiphertext("a derived key") }
    }
  }

  /// What a derived key is for: eight ASCII letters.
  public struct Purpose: Sendable {
    let rawValue: String

    public init(_ rawValue: String) { self.rawValue = rawValue }
  }

  /// Lends the bytes as libsodium takes them.
  func withPointer<Result>(
    _ body: (UnsafePointer<UInt8>) throws -> Result
  ) rethrows -> Result {
    try body(UnsafePointer(bytes.assumingMemoryBound(to: UInt8.self)))
  }

  /// Lends the bytes; they must not leave the closure.
  public func withBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try body(UnsafeRawBufferPointer(start: bytes, count: Self.count))
  }
}

extension SecretKey: CustomStringConvertible, CustomReflectable {
  public var description: String { "<redacted>" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

extension ApplianceError.Code {
  /// Bytes that are not what was sealed, or were sealed under another key or name.
  public static let notAuthentic = Self("crypto.not-authentic")
  /// Bytes that have not the form of a ciphertext.
  public static let ciphertextMalformed = Self("crypto.malformed")
}

extension ApplianceError {
  static func malformedCiphertext(_ what: String) -> ApplianceError {
    ApplianceError(.ciphertextMalformed, "\(what) has not the right length")
  }
}
