// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Glibc

/// A file's bytes as words are looked for in them: ASCII in lower case, any run of spaces as one, and without what
/// people do not see inside of words.
struct ScannedText: Sendable {
  let bytes: [UInt8]
  /// Where lines of the file end, in ``bytes``.
  private let ends: [Int]
  /// Where what belongs together ends, in ``bytes``.
  private let breaks: [Int]

  private static let newline = UInt8(ascii: "\n")
  private static let space = UInt8(ascii: " ")

  /// - Parameter flat: Whether a line's end is a space like any other; else it ends what belongs together, but for
  ///   one after a backslash, a pipe or `&&`. Rows of a table belong to nothing.
  init(_ original: [UInt8], flat: Bool) {
    var bytes: [UInt8] = []
    var (ends, breaks) = ([Int](), [Int]())
    bytes.reserveCapacity(original.count)
    var index = 0
    while index < original.count {
      let length = Self.unseen(original, index)
      guard length == 0 else {
        index += length
        continue
      }
      var byte = original[index]
      let wide = Self.wideSpace(original, index)
      index += max(1, wide)
      if wide > 0 { byte = Self.space }
      switch byte {
      case 0x00: continue
      case 0x0D where index < original.count && original[index] == Self.newline: continue
      case 0x0A, 0x0D, 0x0B, 0x0C:
        if flat || Self.goesOn(bytes[(breaks.last.map { $0 + 1 } ?? 0)...]) {
          if bytes.last == UInt8(ascii: "\\"), !flat { bytes.removeLast() }
          if bytes.last != Self.space { bytes.append(Self.space) }
          ends.append(bytes.count - 1)
        } else {
          ends.append(bytes.count)
          breaks.append(bytes.count)
          bytes.append(Self.newline)
        }
      case 0x09, Self.space: if bytes.last != Self.space { bytes.append(Self.space) }
      case 0x41...0x5A: bytes.append(byte | 0x20)
      default: bytes.append(byte)
      }
    }
    (self.bytes, self.ends, self.breaks) = (bytes, ends, breaks)
  }

  /// Whether the next line belongs to this one.
  private static func goesOn(_ line: ArraySlice<UInt8>) -> Bool {
    if line.last == UInt8(ascii: "\\") { return true }
    let (bar, end) = (UInt8(ascii: "|"), line.last == space ? line.dropLast() : line)
    let isRow = line.first { $0 != space } == bar
    return end.last == bar && !isRow || end.suffix(2).elementsEqual("&&".utf8)
  }

  /// The lines of what belongs together around a place.
  func lines(around offset: Int) -> ClosedRange<Int> {
    let range = neighbourhood(of: offset)
    let first = line(at: range.lowerBound)
    return first...max(first, line(at: max(range.lowerBound, range.upperBound - 1)))
  }

  /// From 1.
  func line(at offset: Int) -> Int { Sorted.first(in: ends, from: offset) + 1 }

  /// What belongs together around a place, as far as 8 KiB to each side.
  func neighbourhood(of offset: Int) -> Range<Int> {
    let reach = 8 << 10
    let next = Sorted.first(in: breaks, from: offset)
    let start = next > 0 ? breaks[next - 1] + 1 : 0
    let end = next < breaks.count ? breaks[next] : bytes.count
    return max(start, offset - reach)..<max(offset, min(end, offset + reach))
  }

  /// Where one of some needles is, in order.
  func places(of needles: [Needle]) -> [Int] {
    needles.flatMap { needle in
      var (places, rest) = ([Int](), bytes[...])
      while let place = needle.find(in: rest) {
        places.append(place)
        rest = bytes[(place + 1)...]
      }
      return places
    }.sorted()
  }

  /// Bytes of a sign that is not seen and could part a word: soft hyphen, joiners, fillers, variation selectors,
  /// byte order marks; 0 for any other.
  private static func unseen(_ bytes: [UInt8], _ index: Int) -> Int {
    guard bytes[index] >= 0xC2 else { return 0 }
    func at(_ offset: Int) -> UInt8 { index + offset < bytes.count ? bytes[index + offset] : 0 }
    switch (bytes[index], at(1), at(2)) {
    case (0xC2, 0xAD, _), (0xCD, 0x8F, _): return 2
    case (0xE1, 0x85, 0x9F...0xA0), (0xE1, 0xA0, 0x8B...0x8F), (0xE2, 0x80, 0x8B...0x8F),
      (0xE2, 0x80, 0xAA...0xAE), (0xE2, 0x81, 0xA0...0xAF), (0xE3, 0x85, 0xA4),
      (0xEF, 0xB8, 0x80...0x8F), (0xEF, 0xBB, 0xBF), (0xEF, 0xBE, 0xA0):
      return 3
    default: return 0
    }
  }

  /// Bytes of a space that is none of ASCII; 0 for anything else.
  private static func wideSpace(_ bytes: [UInt8], _ index: Int) -> Int {
    guard bytes[index] >= 0xC2 else { return 0 }
    func at(_ offset: Int) -> UInt8 { index + offset < bytes.count ? bytes[index + offset] : 0 }
    switch (bytes[index], at(1), at(2)) {
    case (0xC2, 0xA0, _): return 2
    case (0xE2, 0x80, 0x80...0x8A), (0xE2, 0x80, 0xAF), (0xE2, 0x81, 0x9F), (0xE3, 0x80, 0x80):
      return 3
    default: return 0
    }
  }
}

/// Words that are looked for: at the beginning of a word, and to its end where a dollar sign says so.
struct Needle: Sendable, ExpressibleByStringLiteral {
  private let bytes: [UInt8]
  private let endsWord: Bool

  init(stringLiteral text: String) {
    var bytes = Array(text.utf8)
    endsWord = bytes.last == UInt8(ascii: "$") && bytes.count > 1
    if endsWord { bytes.removeLast() }
    self.bytes = bytes
  }

  /// Where it begins, from a place on; `nil` where it is not.
  func find(in text: ArraySlice<UInt8>) -> Int? {
    let found: Int?? = text.withContiguousStorageIfAvailable { find($0) }
    return (found ?? nil).map { text.startIndex + $0 }
  }

  private func find(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let base = text.baseAddress, let first = bytes.first else { return nil }
    var start = 0
    while text.count - start >= bytes.count {
      guard let place = memchr(base + start, Int32(first), text.count - start) else { return nil }
      start = UnsafeRawPointer(place) - UnsafeRawPointer(base)
      guard text.count - start >= bytes.count else { return nil }
      if memcmp(place, bytes, bytes.count) == 0, isWhole(text, start) { return start }
      start += 1
    }
    return nil
  }

  private func isWhole(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
    let end = start + bytes.count
    if Self.isWord(bytes[0]), start > 0, Self.isWord(text[start - 1]) { return false }
    guard endsWord, end < text.count else { return true }
    return !Self.isWord(text[end]) && text[end] != UInt8(ascii: ".")
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
  }
}

/// Looks in what is in order.
enum Sorted {
  /// Index of the first number from a bound on; their count where there is none.
  static func first(in numbers: [Int], from bound: Int) -> Int {
    var (low, high) = (0, numbers.count)
    while low < high {
      let middle = (low + high) / 2
      if numbers[middle] < bound { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
