// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// The one byte form of a ``JSONValue``: what is hashed, compared and signed.
///
/// RFC 8785 (JSON Canonicalization Scheme) restricted to values without floating point: members
/// sorted by UTF-16 code units, no white space, the shortest escapes.
public enum CanonicalJSON {
  public static func bytes(_ value: JSONValue) -> [UInt8] {
    var out: [UInt8] = []
    append(value, to: &out)
    return out
  }

  public static func text(_ value: JSONValue) -> String {
    String(decoding: bytes(value), as: UTF8.self)
  }

  private static func append(_ value: JSONValue, to out: inout [UInt8]) {
    switch value {
    case .null: out.append(contentsOf: "null".utf8)
    case .bool(let flag): out.append(contentsOf: (flag ? "true" : "false").utf8)
    case .integer(let number): out.append(contentsOf: String(number).utf8)
    case .string(let text): appendString(text, to: &out)
    case .array(let items): appendList(items, to: &out)
    case .object(let members): appendMembers(members, to: &out)
    }
  }

  private static func appendList(_ items: [JSONValue], to out: inout [UInt8]) {
    out.append(UInt8(ascii: "["))
    for (index, item) in items.enumerated() {
      if index > 0 { out.append(UInt8(ascii: ",")) }
      append(item, to: &out)
    }
    out.append(UInt8(ascii: "]"))
  }

  private static func appendMembers(_ members: [String: JSONValue], to out: inout [UInt8]) {
    out.append(UInt8(ascii: "{"))
    let sorted = members.sorted { precedes($0.key, $1.key) }
    for (index, member) in sorted.enumerated() {
      if index > 0 { out.append(UInt8(ascii: ",")) }
      appendString(member.key, to: &out)
      out.append(UInt8(ascii: ":"))
      append(member.value, to: &out)
    }
    out.append(UInt8(ascii: "}"))
  }

  /// The order of UTF-16 code units, found in UTF-8: the same but for characters above U+FFFF
  /// (first byte 0xF0 and up), which stand before U+E000 to U+FFFF (0xEE and 0xEF).
  static func precedes(_ one: String, _ other: String) -> Bool {
    let (left, right) = (one.utf8.span, other.utf8.span)
    for index in 0..<min(left.count, right.count) where left[index] != right[index] {
      let (a, b) = (left[index], right[index])
      if a >= 0xEE && b >= 0xEE && (a >= 0xF0) != (b >= 0xF0) { return a >= 0xF0 }
      return a < b
    }
    return left.count < right.count
  }

  private static func appendString(_ text: String, to out: inout [UInt8]) {
    guard needsEscapes(text) else {
      out.append(UInt8(ascii: "\""))
      out.append(contentsOf: text.utf8)
      return out.append(UInt8(ascii: "\""))
    }
    out.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): out.append(contentsOf: #"\""#.utf8)
      case UInt8(ascii: "\\"): out.append(contentsOf: #"\\"#.utf8)
      case 0x08: out.append(contentsOf: #"\b"#.utf8)
      case 0x09: out.append(contentsOf: #"\t"#.utf8)
      case 0x0A: out.append(contentsOf: #"\n"#.utf8)
      case 0x0C: out.append(contentsOf: #"\f"#.utf8)
      case 0x0D: out.append(contentsOf: #"\r"#.utf8)
      case 0..<0x20: appendControl(byte, to: &out)
      default: out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
  }

  /// Hardly a text does; the others are copied whole.
  private static func needsEscapes(_ text: String) -> Bool {
    let bytes = text.utf8.span
    for index in bytes.indices {
      switch bytes[index] {
      case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"): return true
      default: continue
      }
    }
    return false
  }

  private static func appendControl(_ byte: UInt8, to out: inout [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    out.append(contentsOf: #"\u00"#.utf8)
    out.append(digits[Int(byte >> 4)])
    out.append(digits[Int(byte & 0x0F)])
  }
}
