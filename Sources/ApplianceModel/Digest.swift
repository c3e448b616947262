// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// A SHA-256 digest, written `sha256:` and 64 hexadecimal digits.
public struct Digest: RawRepresentable, Sendable, Codable, Hashable, CustomStringConvertible {
  public let rawValue: String

  public init(rawValue: String) {
    self.rawValue = rawValue
  }

  public init(sha256 bytes: [UInt8]) {
    rawValue = "sha256:" + Hexadecimal.encode(bytes)
  }

  /// The first twelve hexadecimal digits, for people.
  public var short: String {
    String(rawValue.dropFirst("sha256:".count).prefix(12))
  }

  public var description: String { rawValue }
}

/// Lower-case hexadecimal text.
public enum Hexadecimal {
  /// Whether the byte is one of `0-9a-f`.
  public static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }

  private static let digits = Array("0123456789abcdef".utf8)

  public static func encode(_ bytes: some Sequence<UInt8>) -> String {
    let digits = digits
    var text: [UInt8] = []
    text.reserveCapacity(bytes.underestimatedCount * 2)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 0x0F)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
