// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Edits of bytes that tests make.
extension [UInt8] {
  init(text: String) { self = Array(text.utf8) }

  var text: String { String(decoding: self, as: UTF8.self) }

  func range(of text: String) -> Range<Int>? {
    let wanted = Array(text.utf8)
    guard count >= wanted.count else { return nil }
    return (0...count - wanted.count).first { self[$0...].starts(with: wanted) }
      .map { $0..<$0 + wanted.count }
  }

  /// With the first occurrence replaced; unchanged when there is none.
  func replacing(_ text: String, with other: String) -> [UInt8] {
    guard let range = range(of: text) else { return self }
    return self[..<range.lowerBound] + Array(other.utf8) + self[range.upperBound...]
  }

  func inserting(_ text: String, at index: Int) -> [UInt8] {
    self[..<index] + Array(text.utf8) + self[index...]
  }

  /// Where the blank line before a commit's message begins: the index of its line feed.
  var headerEnd: Int { (range(of: "\n\n")?.lowerBound ?? count - 1) + 1 }

  /// The lines before a commit's message, each with its line feed.
  var headerLines: [[UInt8]] {
    self[..<headerEnd].split(separator: 0x0A, omittingEmptySubsequences: false)
      .dropLast().map { $0 + [0x0A] }
  }

  /// The same commit with other header lines.
  func withHeader(_ lines: [[UInt8]]) -> [UInt8] { lines.flatMap { $0 } + self[headerEnd...] }

  /// The lines of a commit's signature header.
  var signatureLines: Range<Int>? {
    let lines = headerLines
    guard let start = lines.firstIndex(where: { $0.starts(with: Array("gpgsig ".utf8)) }) else {
      return nil
    }
    let end = lines[(start + 1)...].firstIndex { $0.first != UInt8(ascii: " ") } ?? lines.count
    return start..<end
  }

  /// The commit without its signature header.
  var unsigned: [UInt8] {
    guard let range = signatureLines else { return self }
    return withHeader(headerLines.enumerated().filter { !range.contains($0.0) }.map { $0.1 })
  }

  /// The unfolded signature of a commit.
  var armor: [UInt8] {
    guard let range = signatureLines else { return [] }
    return Array(headerLines[range].flatMap { $0.drop { $0 != UInt8(ascii: " ") }.dropFirst() })
  }

  /// The unsigned commit with a signature as its last header.
  func signed(_ armor: [UInt8]) -> [UInt8] {
    let lines = (armor.last == 0x0A ? armor.dropLast() : armor[...])
      .split(separator: 0x0A, omittingEmptySubsequences: false)
    let header = Array("gpgsig ".utf8) + lines.joined(separator: [0x0A, 0x20]) + [0x0A]
    return self[..<headerEnd] + header + self[headerEnd...]
  }
}

extension String {
  /// The id of the tree without entries.
  static let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
  static let person = "Alice <alice@example.org> 1750000000 +0200"
}

extension [UInt8] {
  /// An unsigned commit.
  static func commit(
    tree: String = .tree, parents: [String] = [], author: String = .person,
    committer: String = .person, extra: String = "", message: String = "change\n"
  ) -> [UInt8] {
    let parents = parents.map { "parent \($0)\n" }.joined()
    return Array(
      "tree \(tree)\n\(parents)author \(author)\ncommitter \(committer)\n\(extra)\n\(message)".utf8)
  }
}
