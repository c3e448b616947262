// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Writes values as YAML that this loader and other readers take for the same.
enum YAMLText {
  /// A mapping, one line for each value.
  static func block(_ members: [String: JSONValue], indentation: Int = 0) -> String {
    members.sorted { $0.key < $1.key }.map { key, value in
      let start = String(repeating: " ", count: indentation) + "\(text(key)):"
      if case .object(let inner) = value, !inner.isEmpty {
        return "\(start)\n" + block(inner, indentation: indentation + 2)
      }
      return "\(start) \(inline(value))\n"
    }.joined()
  }

  /// A scalar in the place and the style of another one.
  ///
  /// - Returns: `nil` for lists, mappings and nothing at all, and in place of a block.
  static func scalar(_ value: JSONValue, like style: ScalarPlace.Style) -> String? {
    switch (value, style) {
    case (_, .block), (.null, _), (.array, _), (.object, _): nil
    case (.string(let text), .doubleQuoted): doubleQuoted(text)
    case (.string(let text), .singleQuoted): singleQuoted(text)
    default: inline(value)
    }
  }

  private static func inline(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .integer(let number): "\(number)"
    case .string(let string): text(string)
    case .array(let items): "[\(items.map(inline).joined(separator: ", "))]"
    case .object(let members):
      "{"
        + members.sorted { $0.key < $1.key }
        .map { "\(text($0)): \(inline($1))" }.joined(separator: ", ") + "}"
    }
  }

  /// A text or a key: in quotes where it could be taken for something else.
  private static func text(_ text: String) -> String {
    isPlain(text) ? text : doubleQuoted(text)
  }

  private static func singleQuoted(_ text: String) -> String {
    guard text.unicodeScalars.allSatisfy({ !VisibleText.isInvisible($0) }) else {
      return doubleQuoted(text)
    }
    return "'" + text.replacing("'", with: "''") + "'"
  }

  private static func doubleQuoted(_ text: String) -> String {
    "\"" + text.unicodeScalars.map(escaped).joined() + "\""
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    if scalar == "\"" || scalar == "\\" { return "\\\(scalar)" }
    guard VisibleText.isInvisible(scalar) else { return String(scalar) }
    let digits = String(scalar.value, radix: 16, uppercase: true)
    let width = scalar.value > 0xFFFF ? 8 : 4
    return (width == 8 ? "\\U" : "\\u") + String(repeating: "0", count: width - digits.count)
      + digits
  }
}

extension YAMLText {
  /// Words, with single spaces and colons between them, that are nothing but text to any reader.
  private static func isPlain(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last, isStart(first), isWord(last) else {
      return false
    }
    let areWords = zip(bytes, bytes.dropFirst()).allSatisfy { byte, next in
      isWord(byte) || (isJoint(byte) && isWord(next))
    }
    return areWords && !isReadOtherwise(text)
  }

  /// Numbers, dates apart, and the words of Booleans and of nothing.
  private static func isReadOtherwise(_ text: String) -> Bool {
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
    let isNumber = Double(text) != nil || Int64(text) != nil
    let isTime = text.contains(":") && text.utf8.allSatisfy { isDigit($0) || $0 == 0x3A }
    return isNumber || isTime || words.contains(text.lowercased())
  }

  private static func isStart(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "/")
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || "/_.-@+()".utf8.contains(byte)
  }

  private static func isJoint(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: ":")
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
