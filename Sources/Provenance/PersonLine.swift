// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials

/// The value of an `author` or `committer` header: `NAME <MAIL> SECONDS ZONE`, as `git fsck` wants
/// it.
struct PersonLine {
  /// The date that the person wrote. Anybody can write any date.
  let date: Date

  /// - Parameter isUTF8: Whether the commit declares no encoding of its own.
  /// - Throws: `provenance.malformed` with the part that is wrong.
  init(_ value: [UInt8], header: String, isUTF8: Bool) throws {
    let fail = { (why: String) in
      ApplianceError.malformed("the commit's \(header) \(why)")
    }
    try Self.requireText(value, isUTF8: isUTF8, fail)
    let name = value.prefix { !Self.isBracket($0) }
    var rest = value.dropFirst(name.count)
    guard rest.first == UInt8(ascii: "<") else { throw fail("has no mail address in <>") }
    guard name.last == UInt8(ascii: " ") else { throw fail("has no space before the address") }
    rest = rest.dropFirst()
    rest = rest.dropFirst(rest.prefix { !Self.isBracket($0) }.count)
    guard rest.first == UInt8(ascii: ">") else { throw fail("has no mail address in <>") }
    rest = rest.dropFirst()
    guard rest.first == UInt8(ascii: " ") else { throw fail("has no space before the date") }
    let words = rest.dropFirst().split(
      separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard words.count == 2 else { throw fail("has no date of two numbers") }
    guard let seconds = Self.seconds(words[0]) else {
      throw fail("has the date \"\(Excerpt.of(words[0]))\"")
    }
    guard Self.isZone(words[1]) else { throw fail("has the zone \"\(Excerpt.of(words[1]))\"") }
    date = Date(timeIntervalSince1970: TimeInterval(seconds))
  }

  private static func isBracket(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">")
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  /// No control characters, and none that turn the direction of text.
  private static func requireText(
    _ value: [UInt8], isUTF8: Bool, _ fail: (String) -> ApplianceError
  ) throws {
    guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw fail("holds a control character")
    }
    guard let text = String(validating: value, as: UTF8.self) else {
      if isUTF8 { throw fail("is not UTF-8, and the commit names no encoding") }
      return
    }
    let isPlain = text.unicodeScalars.allSatisfy { scalar in
      scalar.properties.generalCategory != .control && !scalar.properties.isBidiControl
    }
    guard isPlain else { throw fail("holds a control character") }
  }

  /// Seconds since 1970, up to the year 9999; no sign, no leading zero.
  private static func seconds(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard !digits.isEmpty, digits.allSatisfy(isDigit),
      digits.count == 1 || digits.first != UInt8(ascii: "0"),
      let seconds = Int64(String(decoding: digits, as: UTF8.self)), seconds <= 253_402_300_799
    else { return nil }
    return seconds
  }

  /// A sign and four digits.
  private static func isZone(_ zone: ArraySlice<UInt8>) -> Bool {
    let sign = zone.first
    return zone.count == 5 && (sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"))
      && zone.dropFirst().allSatisfy(isDigit)
  }
}
