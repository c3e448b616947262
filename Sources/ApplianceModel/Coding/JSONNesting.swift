// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// How deep each byte of a JSON document lies, by brackets outside of strings, without decoding it
/// (RFC 8259, sections 2 and 7).
package struct JSONNesting {
  private var depth = 0
  /// Whether the last byte stands in a string; the closing quotation mark does not.
  package private(set) var isText = false
  private var isEscaped = false

  package init() {}

  /// Takes the next byte.
  ///
  /// - Returns: The level that the byte is on, 0 outside of all lists and objects; a bracket is on the
  ///   level of what it encloses. `begins`: whether a list or an object begins with it.
  package mutating func take(_ byte: UInt8) -> (level: Int, begins: Bool) {
    if isText {
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isText = false
      }
      return (depth, false)
    }
    switch byte {
    case UInt8(ascii: "\""): isText = true
    case UInt8(ascii: "["), UInt8(ascii: "{"):
      depth += 1
      return (depth, true)
    case UInt8(ascii: "]"), UInt8(ascii: "}"):
      defer { depth = max(0, depth - 1) }
      return (depth, false)
    default: break
    }
    return (depth, false)
  }
}
