// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Which lines of a text are prose, and which stand in a block of code (CommonMark 0.31, sections 4.4 and 4.5). In
/// doubt a line is code.
struct Prose {
  private enum Line {
    case prose
    /// Of a table: begins and ends with a bar, which no shell takes.
    case row
    case code
  }

  private let lines: [Line]

  init(_ bytes: [UInt8]) {
    var lines: [Line] = []
    var fence: Fence?
    var (isAfterBlank, isAfterIndented) = (true, false)
    for line in Self.split(bytes) {
      let mark = Fence(line)
      if let open = fence {
        lines.append(.code)
        if mark?.closes(open) == true { fence = nil }
        (isAfterBlank, isAfterIndented) = (false, false)
        continue
      }
      let text = line.drop { $0 == 0x20 || $0 == 0x09 }
      let isBlank = text.isEmpty
      let isIndented =
        (isAfterBlank || isAfterIndented)
        && (isBlank || Self.columns(line[..<text.startIndex]) >= 4)
      fence = mark.flatMap { $0.opens ? $0 : nil }
      let end = text.last { $0 != 0x20 && $0 != 0x09 }
      let isRow = text.count > 1 && text.first == UInt8(ascii: "|") && end == UInt8(ascii: "|")
      lines.append(fence != nil || isIndented ? .code : isRow ? .row : .prose)
      (isAfterBlank, isAfterIndented) = (isBlank, isIndented && !isBlank)
    }
    self.lines = lines
  }

  /// Whether a command in a line may be one that people are told of.
  ///
  /// - Parameter line: From 1.
  func isDoubtful(_ rule: SkillRule, _ line: Int) -> Bool {
    guard lines.indices.contains(line - 1) else { return false }
    return switch lines[line - 1] {
    case .code: false
    case .row: true
    case .prose: ["credential_access", "persistence", "destructive_command"].contains(rule.code)
    }
  }

  /// As lines are counted: each of CR, LF, both, VT and FF ends one.
  private static func split(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var start = 0
    for index in bytes.indices where (0x0A...0x0D).contains(bytes[index]) {
      if bytes[index] == 0x0D, index + 1 < bytes.count, bytes[index + 1] == 0x0A { continue }
      let end =
        bytes[index] == 0x0A && index > start && bytes[index - 1] == 0x0D ? index - 1 : index
      lines.append(bytes[start..<end])
      start = index + 1
    }
    return lines + [bytes[start...]]
  }

  /// Columns of spaces; a tab goes on to the next multiple of four.
  fileprivate static func columns(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.reduce(0) { $1 == 0x09 ? ($0 / 4 + 1) * 4 : $0 + 1 }
  }
}

/// A line of at least three backticks or tildes.
private struct Fence {
  private let sign: UInt8
  private let length: Int
  /// Of its first sign, with what quotes and lists put before it.
  private let column: Int
  private let quotes: Int
  /// Whether something follows: it opens a block then, and closes none.
  private let isAlone: Bool
  /// A backtick that follows makes it code within a line.
  let opens: Bool

  init?(_ line: ArraySlice<UInt8>) {
    let signs = [UInt8(ascii: "`"), UInt8(ascii: "~")]
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let rest = line.drop { " \t>-*+.)".utf8.contains($0) || digits.contains($0) }
    guard let sign = rest.first, signs.contains(sign) else { return nil }
    let after = rest.drop { $0 == sign }
    guard after.startIndex - rest.startIndex >= 3 else { return nil }
    let before = line[..<rest.startIndex]
    (self.sign, length) = (sign, after.startIndex - rest.startIndex)
    (column, quotes) = (Prose.columns(before), before.count { $0 == UInt8(ascii: ">") })
    isAlone =
      after.allSatisfy { $0 == 0x20 || $0 == 0x09 }
      && before.allSatisfy { " \t>".utf8.contains($0) }
    opens = sign == UInt8(ascii: "~") || !after.contains(sign)
  }

  func closes(_ open: Fence) -> Bool {
    isAlone && sign == open.sign && length >= open.length && quotes == open.quotes
      && column <= open.column + 3
  }
}
