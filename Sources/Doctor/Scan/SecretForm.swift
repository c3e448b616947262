// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import SodiumCrypto

/// A way in which a secret may be written somewhere.
enum SecretForm: Sendable, CaseIterable {
  case plain
  case base64
  case base64url
  case hexadecimal
  case percentEncoded

  var words: String {
    switch self {
    case .plain: "in plain"
    case .base64: "in base64"
    case .base64url: "in base64url"
    case .hexadecimal: "in hexadecimal digits"
    case .percentEncoded: "percent-encoded"
    }
  }

  /// The texts that tell of a value in this form: one of them stands wherever it does.
  func texts(of value: SecretValue) -> [SecretValue] {
    value.withBytes { bytes in
      switch self {
      case .plain: [value]
      case .base64: (0..<3).map { Self.base64(bytes, after: $0, "+/") }
      case .base64url: (0..<3).map { Self.base64(bytes, after: $0, "-_") }
      case .hexadecimal: ["a", "A"].map { Self.hexadecimal(bytes, $0) }
      case .percentEncoded: ["a", "A"].map { Self.percentEncoded(bytes, $0) }
      }
    }
  }

  // MARK: Base64

  /// The characters of base64 (RFC 4648 §4 and §5) that the value alone decides, where some bytes
  /// stand before it in their group of three, and any after it.
  private static func base64(
    _ bytes: UnsafeRawBufferPointer, after count: Int, _ last: StaticString
  ) -> SecretValue {
    let first = (8 * count + 5) / 6
    let end = 8 * (count + bytes.count) / 6
    return SecretValue(count: max(0, end - first)) { target in
      for index in target.indices {
        let bit = 6 * (first + index) - 8 * count
        let high = UInt16(bytes[bit / 8]) << 8
        let low = bit / 8 + 1 < bytes.count ? UInt16(bytes[bit / 8 + 1]) : 0
        target[index] = character(UInt8((high | low) >> (10 - UInt16(bit % 8)) & 63), last)
      }
    }
  }

  private static func character(_ value: UInt8, _ last: StaticString) -> UInt8 {
    switch value {
    case 0..<26: value + UInt8(ascii: "A")
    case 26..<52: value - 26 + UInt8(ascii: "a")
    case 52..<62: value - 52 + UInt8(ascii: "0")
    default: last.utf8Start[Int(value) - 62]
    }
  }

  // MARK: Digits

  private static func hexadecimal(_ bytes: UnsafeRawBufferPointer, _ ten: Unicode.Scalar)
    -> SecretValue
  {
    SecretValue(count: 2 * bytes.count) { target in
      for (index, byte) in bytes.enumerated() {
        target[2 * index] = digit(byte >> 4, ten)
        target[2 * index + 1] = digit(byte & 15, ten)
      }
    }
  }

  private static func digit(_ value: UInt8, _ ten: Unicode.Scalar) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: ten) + value - 10
  }

  /// RFC 3986 §2.1; unreserved characters as they are.
  private static func percentEncoded(_ bytes: UnsafeRawBufferPointer, _ ten: Unicode.Scalar)
    -> SecretValue
  {
    let count = bytes.reduce(0) { $0 + (isUnreserved($1) ? 1 : 3) }
    return SecretValue(count: count) { target in
      var place = 0
      for byte in bytes {
        if isUnreserved(byte) {
          target[place] = byte
          place += 1
        } else {
          target[place] = UInt8(ascii: "%")
          target[place + 1] = digit(byte >> 4, ten)
          target[place + 2] = digit(byte & 15, ten)
          place += 3
        }
      }
    }
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
    default: false
    }
  }
}
