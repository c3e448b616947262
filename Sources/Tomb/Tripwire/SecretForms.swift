// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The forms in which a value turns up in text.
enum SecretForms {
  /// The part of a long value that is looked for, from its middle: keys of one kind have the same
  /// beginning. Bytes.
  static let window = 96

  /// Every form of the value once, each in memory that is wiped.
  static func patterns(of value: SecretValue) -> [SecretValue] {
    value.withBytes { bytes in
      let part = UnsafeRawBufferPointer(rebasing: bytes[middle(of: bytes)])
      return forms.reduce(into: []) { patterns, form in
        let pattern = make(part, form)
        if !patterns.contains(where: { isEqual($0, pattern) }) { patterns.append(pattern) }
      }
    }
  }

  private static func isEqual(_ one: SecretValue, _ other: SecretValue) -> Bool {
    one.withBytes { left in other.withBytes { left.elementsEqual($0) } }
  }

  /// Not cut within a character of UTF-8, so that its escapes are those of the whole value.
  private static func middle(of bytes: UnsafeRawBufferPointer) -> Range<Int> {
    guard bytes.count > window else { return 0..<bytes.count }
    var start = (bytes.count - window) / 2
    var end = start + window
    for _ in 0..<3 where isContinuation(bytes[start]) { start += 1 }
    for _ in 0..<3 where end < bytes.count && isContinuation(bytes[end]) { end -= 1 }
    return start..<end
  }

  private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

  private static let digits = ["0123456789abcdef", "0123456789ABCDEF"]

  private static let forms: [SecretForm] =
    [.plain] + digits.map { .hexadecimal($0) } + base64 + digits.flatMap { percent($0) + json($0) }

  /// Base64 after zero, one and two other bytes: the characters that depend on the value alone.
  private static let base64: [SecretForm] = ["+/", "-_"].flatMap { last in
    // Bits of the first character that belong to what stands before.
    [0, 4, 2].map { .base64(skipped: $0, last: last) }
  }

  /// Every byte; RFC 3986 §2.3; encodeURIComponent; and the two forms of HTML forms.
  private static func percent(_ digits: String) -> [SecretForm] {
    ["", "-._~", "-._~!'()*", "-._~+", "*-._+"].map { .percent(kept: $0, digits) }
  }

  private static func json(_ digits: String) -> [SecretForm] {
    [
      JSONForm(), JSONForm(escaped: "/"), JSONForm(numbered: "<>&"), JSONForm(numbered: "<>&'"),
      JSONForm(isASCII: true), JSONForm(escaped: "/", isASCII: true),
    ].map { .json($0, digits) }
  }

  /// Writes twice: the first time to know the length.
  private static func make(_ bytes: UnsafeRawBufferPointer, _ form: SecretForm) -> SecretValue {
    var counter = FormWriter(target: nil)
    form.append(bytes, to: &counter)
    return SecretValue(count: counter.count) { target in
      var writer = FormWriter(target: target)
      form.append(bytes, to: &writer)
    }
  }
}
