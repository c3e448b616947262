// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// One way to write bytes as text.
enum SecretForm: Sendable {
  case plain
  case hexadecimal(_ digits: String)
  case base64(skipped: Int, last: String)
  case percent(kept: String, _ digits: String)
  case json(JSONForm, _ digits: String)

  func append(_ bytes: UnsafeRawBufferPointer, to out: inout FormWriter) {
    switch self {
    case .plain: for byte in bytes { out.append(byte) }
    case .hexadecimal(let digits): for byte in bytes { out.append(hexadecimal: byte, digits) }
    case .base64(let skipped, let last): Base64Form.append(bytes, skipped, last, &out)
    case .percent(let kept, let digits): PercentForm.append(bytes, kept, digits, &out)
    case .json(let form, let digits): form.append(bytes, digits, &out)
    }
  }
}

/// Where a form is written to; without a target it counts.
struct FormWriter {
  let target: UnsafeMutableRawBufferPointer?
  private(set) var count = 0

  init(target: UnsafeMutableRawBufferPointer?) { self.target = target }

  mutating func append(_ byte: UInt8) {
    if let target, count < target.count { target[count] = byte }
    count += 1
  }

  mutating func append(_ text: StaticString) {
    for index in 0..<text.utf8CodeUnitCount { append(text.utf8Start[index]) }
  }

  mutating func append(hexadecimal byte: UInt8, _ digits: String) {
    append(Self.digit(byte >> 4, digits))
    append(Self.digit(byte & 0x0F, digits))
  }

  private static func digit(_ value: UInt8, _ digits: String) -> UInt8 {
    digits.utf8[digits.utf8.index(digits.utf8.startIndex, offsetBy: Int(value & 0x0F))]
  }
}

private enum Base64Form {
  static func append(
    _ bytes: UnsafeRawBufferPointer, _ skipped: Int, _ last: String, _ out: inout FormWriter
  ) {
    var (bits, count): (UInt32, Int) = (0, -skipped)
    for byte in bytes {
      bits = (bits << 8 | UInt32(byte)) & 0xFFFF
      count += 8
      while count >= 6 {
        count -= 6
        out.append(character(UInt8(bits >> UInt32(count) & 0x3F), last))
      }
    }
  }

  private static func character(_ value: UInt8, _ last: String) -> UInt8 {
    switch value {
    case 0..<26: UInt8(ascii: "A") + value
    case 26..<52: UInt8(ascii: "a") + value - 26
    case 52..<62: UInt8(ascii: "0") + value - 52
    case 62: last.utf8.first ?? 0
    default: last.utf8.last ?? 0
    }
  }
}

private enum PercentForm {
  /// - Parameter kept: What stays as it is beside letters and digits; nothing at all if empty. With
  ///   a plus, a space becomes one.
  static func append(
    _ bytes: UnsafeRawBufferPointer, _ kept: String, _ digits: String, _ out: inout FormWriter
  ) {
    let isForm = kept.utf8.contains(UInt8(ascii: "+"))
    for byte in bytes {
      let isWord = isLetterOrDigit(byte) || (byte != UInt8(ascii: "+") && kept.utf8.contains(byte))
      if !kept.isEmpty && isWord {
        out.append(byte)
      } else if isForm && byte == 0x20 {
        out.append(UInt8(ascii: "+"))
      } else {
        out.append(UInt8(ascii: "%"))
        out.append(hexadecimal: byte, digits)
      }
    }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}

/// How encoders of JSON differ: Go escapes `<>&` by number, PHP slashes, Python what is not ASCII.
struct JSONForm: Sendable {
  var escaped = ""
  var numbered = ""
  var isASCII = false

  func append(_ bytes: UnsafeRawBufferPointer, _ digits: String, _ out: inout FormWriter) {
    var index = 0
    while index < bytes.count {
      if isASCII, bytes[index] >= 0x80, let (scalar, length) = Self.scalar(bytes, at: index) {
        if scalar >= 0x1_0000 {
          number(0xD800 + UInt16(truncatingIfNeeded: (scalar - 0x1_0000) >> 10), digits, &out)
          number(0xDC00 + UInt16(truncatingIfNeeded: scalar & 0x3FF), digits, &out)
        } else {
          number(UInt16(truncatingIfNeeded: scalar), digits, &out)
        }
        index += length
      } else {
        append(bytes[index], digits, &out)
        index += 1
      }
    }
  }

  private func append(_ byte: UInt8, _ digits: String, _ out: inout FormWriter) {
    switch byte {
    case UInt8(ascii: "\""): out.append("\\\"")
    case UInt8(ascii: "\\"): out.append("\\\\")
    case 0x08: out.append("\\b")
    case 0x09: out.append("\\t")
    case 0x0A: out.append("\\n")
    case 0x0C: out.append("\\f")
    case 0x0D: out.append("\\r")
    case 0..<0x20: number(UInt16(byte), digits, &out)
    case _ where numbered.utf8.contains(byte): number(UInt16(byte), digits, &out)
    case _ where escaped.utf8.contains(byte):
      out.append(UInt8(ascii: "\\"))
      out.append(byte)
    default: out.append(byte)
    }
  }

  private func number(_ unit: UInt16, _ digits: String, _ out: inout FormWriter) {
    out.append("\\u")
    out.append(hexadecimal: UInt8(unit >> 8), digits)
    out.append(hexadecimal: UInt8(unit & 0xFF), digits)
  }

  /// The character of two to four bytes that begins here; `nil` if none does.
  private static func scalar(
    _ bytes: UnsafeRawBufferPointer, at index: Int
  ) -> (value: UInt32, length: Int)? {
    let first = bytes[index]
    let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
    guard first >= 0xC2, first <= 0xF4, index + length <= bytes.count else { return nil }
    var value = UInt32(first) & (0xFF >> UInt32(length + 1))
    for byte in bytes[(index + 1)..<(index + length)] {
      guard byte & 0xC0 == 0x80 else { return nil }
      value = value << 6 | UInt32(byte & 0x3F)
    }
    return Unicode.Scalar(value) == nil ? nil : (value, length)
  }
}
