// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Crypto

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

  /// As ``init(hexadecimal:)``, of bytes where they stand: for logs with millions of lines.
  public init?(hexadecimal digits: UnsafeRawBufferPointer) {
    guard digits.count == 2 * Self.count else { return nil }
    let isWhole = withUnsafeMutableBytes(of: &words) { bytes in
      for index in 0..<Self.count {
        guard let high = Self.nibble(digits[2 * index]),
          let low = Self.nibble(digits[2 * index + 1])
        else { return false }
        bytes[index] = high << 4 | low
      }
      return true
    }
    guard isWhole else { return nil }
  }

  private static func nibble(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }

  public var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

  public var hexadecimal: String { withUnsafeBytes(of: words) { Hexadecimal.encode($0) } }

  public static func == (one: HashValue, other: HashValue) -> Bool { one.words == other.words }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
  }

  /// SHA-256 of bytes.
  init(of bytes: [UInt8]) {
    var function = Crypto.SHA256()
    bytes.withUnsafeBytes { function.update(bufferPointer: $0) }
    self.init(function)
  }

  /// SHA-256 of a byte and a text: what a leaf of a hash tree is (RFC 9162, 2.1.1).
  public init(_ first: UInt8, _ content: UnsafeRawBufferPointer) {
    var function = Self.function(beginning: first)
    function.update(bufferPointer: content)
    self.init(function)
  }

  /// SHA-256 of a byte and two hashes: what a node of a hash tree is.
  public init(_ first: UInt8, _ left: HashValue, _ right: HashValue) {
    var function = Self.function(beginning: first)
    withUnsafeBytes(of: left.words) { function.update(bufferPointer: $0) }
    withUnsafeBytes(of: right.words) { function.update(bufferPointer: $0) }
    self.init(function)
  }

  /// BoringSSL uses the processor's own instructions for SHA-256, libsodium does not.
  private static func function(beginning first: UInt8) -> Crypto.SHA256 {
    var function = Crypto.SHA256()
    withUnsafeBytes(of: first) { function.update(bufferPointer: $0) }
    return function
  }

  private init(_ function: Crypto.SHA256) {
    function.finalize().withUnsafeBytes { digest in
      withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: digest) }
    }
  }
}
