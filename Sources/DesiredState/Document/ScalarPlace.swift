// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Where a scalar stands in the text of its file, quotes and all.
struct ScalarPlace: Sendable, Equatable {
  enum Style: Sendable {
    case plain
    case singleQuoted
    case doubleQuoted
    /// Lines of their own below a `|` or `>`.
    case block
  }

  /// Characters of the file before it.
  let start: Int
  /// Characters of the file up to its end.
  let end: Int
  let style: Style

  /// The scalar's bytes, `nil` where the file is shorter.
  func range(in bytes: [UInt8]) -> Range<Int>? {
    guard start <= end, let first = Self.offset(ofCharacter: start, in: bytes),
      let last = Self.offset(ofCharacter: end, in: bytes)
    else { return nil }
    return first..<last
  }

  private static func offset(ofCharacter position: Int, in bytes: [UInt8]) -> Int? {
    var characters = 0
    for (offset, byte) in bytes.enumerated() where byte & 0xC0 != 0x80 {
      if characters == position { return offset }
      characters += 1
    }
    return characters == position ? bytes.count : nil
  }
}
