// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CSodium

/// The 32 bytes of a SHA-256 hash without a heap allocation: logs have millions.
public struct HashValue: Sendable, Hashable {
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  /// Length. Bytes.
  public static let count = 32

  /// 32 zero bytes.
  public init() {}

  /// - Returns: `nil` for another number of bytes.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.count else { return nil }
    withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
  }

  /// Reads 64 lower-case hexadecimal digits.
  public init?(hexadecimal digits: some StringProtocol) {
    guard let bytes = Hexadecimal.decode(digits) else { return nil }
    self.init(bytes)
  }

  public var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

  public var hexadecimal: String { withUnsafeBytes(of: words) { Hexadecimal.encode($0) } }

  public static func == (one: HashValue, other: HashValue) -> Bool { one.words == other.words }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
  }

  /// SHA-256 of a byte and a text: what a leaf of a hash tree is (RFC 9162, 2.1.1).
  public init(_ first: UInt8, _ content: UnsafeRawBufferPointer) {
    var state = Self.begin(first)
    crypto_hash_sha256_update(
      &state, content.assumingMemoryBound(to: UInt8.self).baseAddress, UInt64(content.count))
    finish(&state)
  }

  /// SHA-256 of a byte and two hashes: what a node of a hash tree is.
  public init(_ first: UInt8, _ left: HashValue, _ right: HashValue) {
    var state = Self.begin(first)
    for hash in [left, right] {
      withUnsafeBytes(of: hash.words) { bytes in
        _ = crypto_hash_sha256_update(
          &state, bytes.assumingMemoryBound(to: UInt8.self).baseAddress, UInt64(bytes.count))
      }
    }
    finish(&state)
  }

  private static func begin(_ first: UInt8) -> crypto_hash_sha256_state {
    var state = crypto_hash_sha256_state()
    crypto_hash_sha256_init(&state)
    var first = first
    crypto_hash_sha256_update(&state, &first, 1)
    return state
  }

  private mutating func finish(_ state: inout crypto_hash_sha256_state) {
    withUnsafeMutableBytes(of: &words) { bytes in
      if let target = bytes.assumingMemoryBound(to: UInt8.self).baseAddress {
        crypto_hash_sha256_final(&state, target)
      }
    }
  }
}
