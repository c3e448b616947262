// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// A name in two machine words. One of 15 bytes at most, as most platform ids are, is wholly in
/// them: it is compared without another look into memory, and a copy of it counts no references.
/// Of a longer one they hold a hash.
struct ByteWords: Sendable {
  private static let longest = 15
  /// Tags in the highest byte of the second word, where a short name has its length.
  private static let longTag: UInt64 = 0x80 << 56
  private static let vacantTag: UInt64 = 0xFF << 56

  let first: UInt64
  let second: UInt64

  static let vacant = ByteWords(first: 0, second: vacantTag)

  private init(first: UInt64, second: UInt64) { (self.first, self.second) = (first, second) }

  init(_ name: String) {
    let words = name.utf8.withContiguousStorageIfAvailable {
      ByteWords(UnsafeRawBufferPointer($0))
    }
    self = words ?? Array(name.utf8).withUnsafeBytes { ByteWords($0) }
  }

  private init(_ bytes: UnsafeRawBufferPointer) {
    if bytes.count <= Self.longest {
      first = bytes.word(at: 0)
      second = bytes.word(at: 8) | UInt64(bytes.count) << 56
    } else {
      let hash = stride(from: 0, to: bytes.count, by: 8).reduce(UInt64(bytes.count)) {
        Self.mixed($0 ^ bytes.word(at: $1))
      }
      (first, second) = (hash, Self.longTag)
    }
  }

  var isVacant: Bool { second == Self.vacantTag }

  var isLong: Bool { second >= Self.longTag }

  /// The number that was given to a long name.
  var longNumber: Int? {
    isLong ? Int(truncatingIfNeeded: second & ~Self.longTag) : nil
  }

  func numbered(_ number: Int) -> ByteWords {
    ByteWords(first: first, second: Self.longTag | UInt64(number))
  }

  /// Multiplies and folds. Of a long name the number does not count.
  var hash: UInt64 {
    isLong ? Self.mixed(first) : Self.mixed(Self.mixed(first) ^ second)
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    let product = value &* 0x9E37_79B9_7F4A_7C15
    return product ^ product >> 32
  }
}

extension UnsafeRawBufferPointer {
  /// The eight bytes from a place on, the first one lowest; those behind the end count as zero.
  fileprivate func word(at offset: Int) -> UInt64 {
    if count - offset >= 8 {
      return UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    var word: UInt64 = 0
    var place = count
    while place > offset {
      place -= 1
      word = word << 8 | UInt64(self[place])
    }
    return word
  }
}
