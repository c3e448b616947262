// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Glibc

/// Finds bytes in bytes, in time that grows with their length alone (Knuth, Morris and Pratt, "Fast
/// pattern matching in strings", 1977).
struct ByteSearch {
  private let pattern: [UInt8]
  /// For each beginning of the pattern, its longest end that is a beginning too.
  private let borders: [Int]

  init(_ pattern: [UInt8]) {
    self.pattern = pattern
    var borders = [Int](repeating: 0, count: pattern.count)
    var border = 0
    for index in pattern.indices.dropFirst() {
      while border > 0 && pattern[index] != pattern[border] { border = borders[border - 1] }
      if pattern[index] == pattern[border] { border += 1 }
      borders[index] = border
    }
    self.borders = borders
  }

  /// Where the pattern begins in `text`, first to last, not overlapping. An empty one is nowhere.
  func places(in text: [UInt8]) -> [Int] {
    var (places, from): ([Int], Int) = ([], 0)
    while let place = place(in: text, from: from) {
      places.append(place)
      from = place + pattern.count
    }
    return places
  }

  /// The first place that is not before `start`.
  func place(in text: [UInt8], from start: Int) -> Int? {
    guard let first = pattern.first, start >= 0 else { return nil }
    var (index, matched) = (start, 0)
    while index < text.count {
      if matched == 0 {
        guard let next = Self.next(first, in: text, from: index) else { return nil }
        (index, matched) = (next + 1, 1)
      } else if text[index] == pattern[matched] {
        (index, matched) = (index + 1, matched + 1)
      } else {
        matched = borders[matched - 1]
      }
      if matched == pattern.count { return index - matched }
    }
    return nil
  }

  private static func next(_ byte: UInt8, in text: [UInt8], from start: Int) -> Int? {
    text.withUnsafeBytes { text in
      guard let base = text.baseAddress, start < text.count else { return nil }
      return memchr(base + start, Int32(byte), text.count - start).map {
        UnsafeRawPointer($0) - base
      }
    }
  }

  /// Lower-case letters of ASCII; every other byte as it is.
  static func folded(_ bytes: [UInt8]) -> [UInt8] {
    bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
  }
}

/// A pattern for the names of files: `*` stands for any bytes, `?` for any one character.
///
/// Matching goes back to the last star only, so it takes at most length times length steps.
struct NamePattern {
  private let pattern: [Unicode.Scalar]
  private let ignoresCase: Bool

  init(_ text: String, ignoresCase: Bool) {
    pattern = Self.scalars(text, ignoresCase)
    self.ignoresCase = ignoresCase
  }

  func matches(_ name: String) -> Bool {
    let name = Self.scalars(name, ignoresCase)
    var (at, place) = (0, 0)
    var star: (pattern: Int, name: Int)?
    while place < name.count {
      if at < pattern.count, pattern[at] == "*" {
        star = (at, place)
        at += 1
      } else if at < pattern.count, pattern[at] == "?" || pattern[at] == name[place] {
        (at, place) = (at + 1, place + 1)
      } else if let last = star {
        star = (last.pattern, last.name + 1)
        (at, place) = (last.pattern + 1, last.name + 1)
      } else {
        return false
      }
    }
    return pattern[at...].allSatisfy { $0 == "*" }
  }

  private static func scalars(_ text: String, _ ignoresCase: Bool) -> [Unicode.Scalar] {
    guard ignoresCase else { return Array(text.unicodeScalars) }
    return Array(
      String(decoding: ByteSearch.folded(Array(text.utf8)), as: UTF8.self).unicodeScalars)
  }
}
