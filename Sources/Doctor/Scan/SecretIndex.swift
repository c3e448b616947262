// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc
import SodiumCrypto

/// Texts to look for, many at once: a table over the first four bytes says where a comparison is
/// worth it.
struct SecretIndex: Sendable {
  /// One secret in one form.
  struct Needle: Sendable {
    let bytes: SecretValue
    /// Whose value it is, as in `tomb:NAME`.
    let name: String
    let form: SecretForm
  }

  /// Shorter values stand anywhere by chance, and are not looked for. Bytes.
  static let shortest = 12
  /// A longer value is known by so many of its first bytes.
  static let longestValue = 1_024

  private(set) var needles: [Needle] = []
  /// The longest text. Bytes.
  private(set) var longest = 0
  /// Values that are too short.
  private(set) var skipped = 0
  private var mayBegin = [Bool](repeating: false, count: 1 << 16)
  private var beginning: [UInt32: [Int]] = [:]

  /// - Parameter secrets: Of values that are given twice, the first name counts.
  init(_ secrets: [LiveSecret]) {
    for secret in secrets {
      let value = Self.trimmed(secret.value)
      guard value.count >= Self.shortest else {
        skipped += 1
        continue
      }
      for form in SecretForm.allCases {
        for text in form.texts(of: value) {
          add(Needle(bytes: text, name: secret.name, form: form))
        }
      }
    }
  }

  /// Without the blanks around it: a file of one line ends with a line feed.
  private static func trimmed(_ value: SecretValue) -> SecretValue {
    value.withBytes { bytes in
      let start = bytes.firstIndex { !SecretText.isBlank($0) } ?? bytes.endIndex
      let end = bytes.lastIndex { !SecretText.isBlank($0) }.map { $0 + 1 } ?? start
      return SecretValue(copying: bytes[start..<end].prefix(longestValue))
    }
  }

  private mutating func add(_ needle: Needle) {
    guard let key = needle.bytes.withBytes({ Self.key($0, 0) }) else { return }
    let others = beginning[key, default: []]
    guard !others.contains(where: { Self.isSame(needles[$0].bytes, needle.bytes) }) else { return }
    mayBegin[Self.slot(key)] = true
    beginning[key] = others + [needles.count]
    needles.append(needle)
    longest = max(longest, needle.bytes.count)
  }

  private static func isSame(_ one: SecretValue, _ other: SecretValue) -> Bool {
    one.withBytes { one in other.withBytes { one.elementsEqual($0) } }
  }

  /// Calls `body` for every place of every text.
  func forEachMatch(
    in bytes: UnsafeRawBufferPointer, _ body: (_ start: Int, Needle) -> Void
  ) {
    guard !needles.isEmpty, bytes.count >= 4 else { return }
    mayBegin.withUnsafeBufferPointer { mayBegin in
      for start in 0...(bytes.count - 4) {
        let key = bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self)
        guard mayBegin[Self.slot(key)], let candidates = beginning[key] else { continue }
        for index in candidates where Self.stands(needles[index], at: start, in: bytes) {
          body(start, needles[index])
        }
      }
    }
  }

  private static func stands(
    _ needle: Needle, at start: Int, in bytes: UnsafeRawBufferPointer
  ) -> Bool {
    needle.bytes.withBytes { text in
      guard bytes.count - start >= text.count, let one = bytes.baseAddress,
        let other = text.baseAddress
      else { return false }
      return memcmp(one + start, other, text.count) == 0
    }
  }

  private static func key(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> UInt32? {
    bytes.count >= start + 4 ? bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self) : nil
  }

  /// Multiplicative hashing: the upper bits depend on all four bytes.
  private static func slot(_ key: UInt32) -> Int { Int((key &* 0x9E37_79B1) >> 16) }
}
