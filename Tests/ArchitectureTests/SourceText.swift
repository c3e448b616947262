// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// A Swift source as lines, taken apart: code without comments and literals, and comments.
struct SourceText {
  /// The lines with comments and the insides of literals blanked. Interpolated code stays.
  let code: [String]
  /// The lines with everything but comments blanked.
  let comments: [String]
  /// The lines as written.
  let raw: [String]

  init(_ source: String) {
    let bytes = Array(source.utf8)
    var scanner = SourceScanner(bytes)
    scanner.scan()
    code = Self.lines(scanner.code)
    comments = Self.lines(scanner.comments)
    raw = Self.lines(bytes)
  }

  /// Whether a comment within `distance` lines of a line (counted from 1) holds `word`.
  func hasComment(near line: Int, distance: ClosedRange<Int>, containing word: String) -> Bool {
    distance.contains { offset in
      let index = line - 1 + offset
      return comments.indices.contains(index) && comments[index].contains(word)
    }
  }

  /// Whether a line (counted from 1) or the one before it has a comment.
  func isExplained(_ line: Int) -> Bool {
    (line - 2...line - 1).contains { index in
      comments.indices.contains(index) && comments[index].contains { $0 != " " }
    }
  }

  private static func lines(_ bytes: [UInt8]) -> [String] {
    bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
  }
}

/// A word or a single sign of the code.
struct Token: Equatable {
  let text: String
  /// Counted from 1.
  let line: Int
  /// Whether it stands directly behind the token before it.
  let isGlued: Bool

  static func tokens(in lines: [String]) -> [Token] {
    lines.enumerated().flatMap { index, line in tokens(in: line, number: index + 1) }
  }

  private static func tokens(in line: String, number: Int) -> [Token] {
    var tokens: [Token] = []
    var word: [UInt8] = []
    var isGlued = false
    func endWord() {
      guard !word.isEmpty else { return }
      let text = String(decoding: word, as: UTF8.self)
      tokens.append(Token(text: text, line: number, isGlued: isGlued))
      word = []
      isGlued = true
    }
    for byte in line.utf8 {
      if isWord(byte) {
        word.append(byte)
      } else {
        endWord()
        let isBlank = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
        if !isBlank {
          let text = String(decoding: [byte], as: UTF8.self)
          tokens.append(Token(text: text, line: number, isGlued: isGlued))
        }
        isGlued = !isBlank
      }
    }
    endWord()
    return tokens
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...0xFF:
      true
    default:
      false
    }
  }
}
