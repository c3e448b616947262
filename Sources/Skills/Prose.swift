// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Which lines of a text are surely prose (CommonMark 0.31; GitHub Flavored Markdown 0.29 for tables). In doubt a line
/// is code: what is nested deeply, continued, or behind something that readers understand in different ways.
struct Prose {
  private enum Line {
    case prose
    /// Of a table with a row of dashes below its header.
    case row
    case code
  }

  private let lines: [Line]

  /// - Parameter hasTables: Whether the text is Markdown.
  init(_ bytes: [UInt8], hasTables: Bool) {
    // Some count these as the end of a line.
    guard !bytes.contains(0x0B), !bytes.contains(0x0C) else {
      lines = []
      return
    }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    var reader = Reader()
    let split = Self.split(bytes.starts(with: mark) ? Array(bytes.dropFirst(3)) : bytes)
    lines = split.indices.map { index in
      let next = index + 1 < split.count ? split[index + 1] : nil
      return reader.take(split[index], before: hasTables ? next : nil)
    }
  }

  /// Whether commands in some lines that belong together may be ones that people are told of.
  ///
  /// - Parameter lines: From 1.
  func isDoubtful(_ rule: SkillRule, _ lines: ClosedRange<Int>) -> Bool {
    lines.allSatisfy { line in
      guard self.lines.indices.contains(line - 1) else { return false }
      let isNamed = ["credential_access", "persistence", "destructive_command"].contains(rule.code)
      return switch self.lines[line - 1] {
      case .code: false
      case .row: isNamed || rule.code == "pipe_shell_exec"
      case .prose: isNamed
      }
    }
  }

  private static func split(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var start = 0
    for index in bytes.indices where bytes[index] == 0x0A || bytes[index] == 0x0D {
      if bytes[index] == 0x0D, index + 1 < bytes.count, bytes[index + 1] == 0x0A { continue }
      let end =
        bytes[index] == 0x0A && index > start && bytes[index - 1] == 0x0D ? index - 1 : index
      lines.append(bytes[start..<end])
      start = index + 1
    }
    return lines + [bytes[start...]]
  }
}

extension Prose {
  /// Goes through the lines of a text.
  private struct Reader {
    private var fence: Fence?
    /// Whether nobody can say any more what is code.
    private var isLost = false
    private var isContinued = false
    private var isInTable = false

    mutating func take(_ line: ArraySlice<UInt8>, before next: ArraySlice<UInt8>?) -> Line {
      let wasContinued = isContinued
      isContinued = line.last { $0 != 0x20 && $0 != 0x09 } == UInt8(ascii: "\\")
      let wasInTable = isInTable
      isInTable = false
      if isLost { return .code }
      let mark = Fence(line)
      if let open = fence {
        if let mark {
          // A line like one that does not surely end the block ends it for others.
          if mark.closes(open) { fence = nil } else { isLost = true }
        }
        return .code
      }
      if let mark {
        if mark.opens { fence = mark }
        return .code
      }
      if Self.isMarkup(line) { isLost = true }
      if isLost || wasContinued || isContinued || Self.isIndented(line) { return .code }
      let begins = next.map { Self.isHeader(line, above: $0) } ?? false
      isInTable = Self.isRow(line) && (wasInTable || begins)
      return isInTable ? .row : .prose
    }

    /// What follows a block of HTML is read in different ways.
    private static func isMarkup(_ line: ArraySlice<UInt8>) -> Bool {
      let text = line.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
      return (["<pre", "<code", "<script", "<style", "<textarea", "<samp"] as [Needle])
        .contains { $0.find(in: text[...]) != nil }
    }

    /// Behind what quotes and lists put before a line, too.
    private static func isIndented(_ line: ArraySlice<UInt8>) -> Bool {
      var (rest, limit) = (line, 4)
      while true {
        let blank = rest.prefix { $0 == 0x20 || $0 == 0x09 }
        rest = rest.dropFirst(blank.count)
        if rest.isEmpty { return false }
        if blank.count >= limit || blank.contains(0x09) { return true }
        let length = marker(rest)
        if length == 0 { return false }
        (rest, limit) = (rest.dropFirst(length), 5)
      }
    }

    /// Length of what begins a quote or an item of a list; 0 for anything else.
    private static func marker(_ text: ArraySlice<UInt8>) -> Int {
      guard let first = text.first else { return 0 }
      if first == UInt8(ascii: ">") { return 1 }
      let digits = text.prefix { (0x30...0x39).contains($0) }.count
      let sign = text.dropFirst(digits)
      guard let last = sign.first, (digits > 0 ? ".)" : "-*+").utf8.contains(last) else { return 0 }
      let after = sign.dropFirst().first
      return after == nil || after == 0x20 || after == 0x09 ? digits + 1 : 0
    }

    private static func isRow(_ line: ArraySlice<UInt8>) -> Bool {
      let bar = UInt8(ascii: "|")
      let end = line.last { $0 != 0x20 && $0 != 0x09 }
      return line.count > 1 && line.first == bar && end == bar
    }

    private static func isHeader(_ line: ArraySlice<UInt8>, above dashes: ArraySlice<UInt8>) -> Bool
    {
      let bar = UInt8(ascii: "|")
      return isRow(line) && isRow(dashes) && dashes.contains(UInt8(ascii: "-"))
        && dashes.allSatisfy { "|-: \t".utf8.contains($0) }
        && line.count { $0 == bar } == dashes.count { $0 == bar }
    }
  }
}

/// A line of at least three backticks or tildes.
private struct Fence {
  private let sign: UInt8
  private let length: Int
  /// Of its first sign, with what quotes and lists put before it.
  private let column: Int
  private let quotes: Int
  /// Whether nothing follows: else it closes no block.
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
    (column, quotes) = (before.count, before.count { $0 == UInt8(ascii: ">") })
    isAlone =
      after.allSatisfy { $0 == 0x20 || $0 == 0x09 }
      && before.allSatisfy { " >".utf8.contains($0) }
    opens = sign == UInt8(ascii: "~") || !after.contains(sign)
  }

  /// Surely: it stands where the other one does.
  func closes(_ open: Fence) -> Bool {
    isAlone && sign == open.sign && length >= open.length && quotes == open.quotes
      && column == open.column
  }
}
