// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Text with a limit on its length. Code points, as GitHub counts them.
struct MarkdownPage {
  private(set) var text = ""
  private(set) var left: Int

  init(budget: Int) {
    left = budget
  }

  /// Adds lines that must stand there, be there room or not.
  mutating func add(lines: [String]) {
    for line in lines { put(line + "\n") }
  }

  /// Adds lines as long as all together fit into this many code points; none is skipped.
  ///
  /// - Returns: How many were added.
  mutating func add(lines: some Sequence<String>, atMost room: Int) -> Int {
    var (left, count) = (min(room, self.left), 0)
    for line in lines {
      let length = line.unicodeScalars.count + 1
      guard length <= left else { break }
      put(line + "\n")
      left -= length
      count += 1
    }
    return count
  }

  /// Adds a piece of text where it fits.
  ///
  /// - Parameter room: What must be left afterwards.
  /// - Returns: Whether it was added.
  mutating func add(_ piece: String, keeping room: Int) -> Bool {
    guard piece.unicodeScalars.count + room <= left else { return false }
    put(piece)
    return true
  }

  mutating func add(_ page: MarkdownPage) { put(page.text) }

  private mutating func put(_ piece: String) {
    text += piece
    left -= piece.unicodeScalars.count
  }
}
