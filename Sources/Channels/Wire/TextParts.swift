// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Cuts a text where a platform's limit wants it: between paragraphs, lines or words, never within
/// what a reader takes for one sign. A code block that is cut is closed, and opened again.
struct TextParts: Sendable {
  let limit: Int
  /// What one sign counts, in the platform's own unit.
  let size: @Sendable (Character) -> Int

  private static let fence = "```"
  /// Longer words after a fence are left out when it is opened again.
  private static let longestOpening = 40

  init(limit: Int, size: @escaping @Sendable (Character) -> Int) {
    (self.limit, self.size) = (limit, size)
  }

  static let utf16: @Sendable (Character) -> Int = { $0.utf16.count }
  static let utf8: @Sendable (Character) -> Int = { $0.utf8.count }
  static let scalars: @Sendable (Character) -> Int = { $0.unicodeScalars.count }

  private func size(of text: some StringProtocol) -> Int { text.reduce(0) { $0 + size($1) } }

  /// At least one part; none is empty, but for an empty text.
  func parts(of text: String) -> [String] {
    guard size(of: text) > limit else { return [text] }
    var writer = Writer(self)
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      writer.add(line)
    }
    return writer.end()
  }

  private struct Writer {
    let rules: TextParts
    var parts: [String] = []
    var current = ""
    var used = 0
    var isEmpty = true
    /// The line that opened the code block the writer is in.
    var opening: String?

    init(_ rules: TextParts) { self.rules = rules }

    /// Room for the end of a code block.
    private var reserve: Int {
      opening == nil ? 0 : rules.size(of: "\n" + TextParts.fence)
    }

    /// What stands between the next line and the one before.
    private var joint: Int { isEmpty ? 0 : rules.size(of: "\n") }

    private func isFence(_ line: Substring) -> Bool {
      line.drop { $0 == " " }.hasPrefix(TextParts.fence)
    }

    mutating func add(_ line: Substring) {
      let reserve = isFence(line) ? rules.size(of: "\n" + TextParts.fence) : reserve
      if used + joint + rules.size(of: line) + reserve > rules.limit, !isEmpty { flush() }
      if rules.size(of: line) + joint + used + reserve > rules.limit {
        addLong(line)
      } else {
        append(line)
      }
      noteFence(line)
    }

    private mutating func append(_ text: Substring) {
      if !isEmpty {
        current += "\n"
        used += rules.size(of: "\n")
      }
      current += text
      used += rules.size(of: text)
      isEmpty = false
    }

    /// A line that is longer than a part.
    private mutating func addLong(_ line: Substring) {
      var rest = line
      while rules.size(of: rest) + joint + used + reserve > rules.limit {
        let head = fitting(rest)
        append(head)
        rest = rest[head.endIndex...]
        if rest.first == " " { rest = rest.dropFirst() }
        flush()
      }
      append(rest)
    }

    /// As much as fits; up to the last space, where there is one in its second half.
    private func fitting(_ text: Substring) -> Substring {
      var end = text.startIndex
      var room = max(1, rules.limit - used - joint - reserve)
      var lastSpace: String.Index?
      while end < text.endIndex {
        let sign = text[end]
        room -= rules.size(sign)
        // A sign that alone is longer than a part is left whole: there is no better place.
        if room < 0, end > text.startIndex { break }
        if sign == " " { lastSpace = end }
        text.formIndex(after: &end)
      }
      guard let lastSpace, end < text.endIndex else { return text[..<end] }
      let isLate =
        text.distance(from: text.startIndex, to: lastSpace) * 2
        > text.distance(from: text.startIndex, to: end)
      return isLate ? text[..<lastSpace] : text[..<end]
    }

    private mutating func flush() {
      if let opening {
        let isJustOpened = current == opening || current.hasSuffix("\n" + opening)
        // A code block that would be empty begins in the next part.
        current = isJustOpened ? String(current.dropLast(opening.count)) : current + "\n```"
        if current.last == "\n" { current.removeLast() }
      }
      parts.append(current)
      (current, used, isEmpty) = ("", 0, true)
      if let opening {
        current = opening
        used = rules.size(of: opening)
        isEmpty = false
      }
    }

    private mutating func noteFence(_ line: Substring) {
      let bare = line.drop { $0 == " " }
      guard bare.hasPrefix(TextParts.fence) else { return }
      if opening != nil {
        if bare.allSatisfy({ $0 == "`" || $0 == " " }) { opening = nil }
      } else {
        opening = bare.count <= TextParts.longestOpening ? String(bare) : TextParts.fence
      }
    }

    mutating func end() -> [String] {
      // A code block that was opened again and has nothing more in it.
      if !isEmpty, current != opening || parts.isEmpty { parts.append(current) }
      return parts.filter { !$0.isEmpty }
    }
  }
}
