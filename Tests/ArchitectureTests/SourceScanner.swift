// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Tells code from comments and literals, byte by byte.
///
/// Knows nested block comments, raw and multi-line strings and interpolation. Regex literals are
/// taken as code.
struct SourceScanner {
  private enum Mode {
    case code(openParentheses: Int)
    case literal(quotes: Int, hashes: Int)
    case lineComment
    case blockComment(depth: Int)
  }

  private static let newline = UInt8(ascii: "\n")
  private static let quote = UInt8(ascii: "\"")
  private static let hash = UInt8(ascii: "#")

  private let bytes: [UInt8]
  private var modes: [Mode] = [.code(openParentheses: 0)]
  private(set) var code: [UInt8]
  private(set) var comments: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    let blank = bytes.map { $0 == Self.newline ? $0 : UInt8(ascii: " ") }
    code = blank
    comments = blank
  }

  mutating func scan() {
    var index = 0
    while index < bytes.count, let mode = modes.last {
      index =
        switch mode {
        case .code(let open): stepCode(index, openParentheses: open)
        case .literal(let quotes, let hashes): stepLiteral(index, quotes: quotes, hashes: hashes)
        case .lineComment: stepLineComment(index)
        case .blockComment(let depth): stepBlockComment(index, depth: depth)
        }
    }
  }

  private mutating func stepCode(_ index: Int, openParentheses open: Int) -> Int {
    if starts("//", at: index) {
      modes.append(.lineComment)
      return index + 2
    }
    if starts("/*", at: index) {
      modes.append(.blockComment(depth: 1))
      return index + 2
    }
    if let literal = literalStart(at: index) {
      code[index] = Self.quote
      modes.append(.literal(quotes: literal.quotes, hashes: literal.hashes))
      return index + literal.quotes + literal.hashes
    }
    let isInterpolation = modes.count > 1
    if isInterpolation, bytes[index] == UInt8(ascii: ")"), open == 0 {
      modes.removeLast()
      return index + 1
    }
    if bytes[index] == UInt8(ascii: "(") {
      modes[modes.count - 1] = .code(openParentheses: open + 1)
    } else if bytes[index] == UInt8(ascii: ")") {
      modes[modes.count - 1] = .code(openParentheses: max(0, open - 1))
    }
    code[index] = bytes[index]
    return index + 1
  }

  private mutating func stepLiteral(_ index: Int, quotes: Int, hashes: Int) -> Int {
    let byte = bytes[index]
    if byte == Self.newline, quotes == 1 {
      modes.removeLast()
      return index + 1
    }
    if byte == UInt8(ascii: "\\"), run(of: Self.hash, at: index + 1) >= hashes {
      let escaped = index + 1 + hashes
      if escaped < bytes.count, bytes[escaped] == UInt8(ascii: "(") {
        modes.append(.code(openParentheses: 0))
      }
      return escaped + 1
    }
    if run(of: Self.quote, at: index) >= quotes,
      run(of: Self.hash, at: index + quotes) >= hashes
    {
      modes.removeLast()
      return index + quotes + hashes
    }
    return index + 1
  }

  private mutating func stepLineComment(_ index: Int) -> Int {
    if bytes[index] == Self.newline {
      modes.removeLast()
    } else {
      comments[index] = bytes[index]
    }
    return index + 1
  }

  private mutating func stepBlockComment(_ index: Int, depth: Int) -> Int {
    if starts("*/", at: index) {
      modes.removeLast()
      if depth > 1 { modes.append(.blockComment(depth: depth - 1)) }
      return index + 2
    }
    if starts("/*", at: index) {
      modes[modes.count - 1] = .blockComment(depth: depth + 1)
      return index + 2
    }
    comments[index] = bytes[index]
    return index + 1
  }

  private func literalStart(at index: Int) -> (quotes: Int, hashes: Int)? {
    let hashes = run(of: Self.hash, at: index)
    let quotes = run(of: Self.quote, at: index + hashes)
    guard quotes > 0 else { return nil }
    return (quotes >= 3 ? 3 : 1, hashes)
  }

  private func starts(_ text: StaticString, at index: Int) -> Bool {
    text.withUTF8Buffer { bytes[index...].starts(with: $0) }
  }

  /// How many times `byte` stands from `index` on.
  private func run(of byte: UInt8, at index: Int) -> Int {
    guard index < bytes.count else { return 0 }
    return bytes[index...].prefix { $0 == byte }.count
  }
}
