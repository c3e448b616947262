// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials

/// One answer to ListObjectsV2 (S3 API Reference): up to a thousand objects, by their keys.
struct S3Listing: Sendable {
  let files: [StoredFile]
  /// Asks for the objects behind these; `nil` when these are the last ones.
  let continuation: String?

  /// - Parameter root: What the keys begin with and the names of files do not.
  /// - Returns: `nil` for anything else than a whole listing of keys that begin so.
  init?(_ bytes: [UInt8], below root: String) {
    guard let document = XMLReader.document(bytes), document.name == "ListBucketResult" else {
      return nil
    }
    let isEncoded = document.text(of: "EncodingType") == "url"
    var files: [StoredFile] = []
    for object in document.children where object.name == "Contents" {
      guard let key = object.text(of: "Key").flatMap({ isEncoded ? PercentText.decode($0) : $0 }),
        let size = object.text(of: "Size").flatMap({ Int($0) }), size >= 0,
        let time = object.text(of: "LastModified").flatMap(ServerTime.listed), key.hasPrefix(root)
      else { return nil }
      files.append(StoredFile(name: String(key.dropFirst(root.count)), size: size, time: time))
    }
    self.files = files
    switch document.text(of: "IsTruncated") {
    case "false": continuation = nil
    case "true":
      guard let token = document.text(of: "NextContinuationToken"), !token.isEmpty else {
        return nil
      }
      continuation = token
    default: return nil
    }
  }
}

/// The two ways in which stores tell when they took an object. Both are UTC.
enum ServerTime {
  /// `Last-Modified`: `Wed, 21 Oct 2015 07:28:00 GMT` (RFC 9110, 5.6.7, IMF-fixdate).
  static func header(_ text: String) -> Date? {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 6, words[0].hasSuffix(","), words[5] == "GMT",
      let month = months.firstIndex(of: String(words[2])),
      let day = number(words[1], 2), let year = number(words[3], 4)
    else { return nil }
    return date(year, month + 1, day, words[4])
  }

  /// `LastModified`: `2009-10-12T17:50:30.000Z` (ISO 8601).
  static func listed(_ text: String) -> Date? {
    guard text.hasSuffix("Z") else { return nil }
    let halves = text.dropLast().split(separator: "T", omittingEmptySubsequences: false)
    guard halves.count == 2 else { return nil }
    let parts = halves[0].split(separator: "-", omittingEmptySubsequences: false)
    let clock = halves[1].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 3, let year = number(parts[0], 4), let month = number(parts[1], 2),
      let day = number(parts[2], 2), let whole = clock.first
    else { return nil }
    let fraction = clock.count == 2 ? number(clock[1].prefix(9), min(clock[1].count, 9)) : 0
    guard let fraction, let date = date(year, month, day, whole) else { return nil }
    guard clock.count == 2 else { return date }
    var scale = 1.0
    for _ in 0..<min(clock[1].count, 9) { scale *= 10 }
    return date + Double(fraction) / scale
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// A number of so many digits.
  private static func number(_ text: Substring, _ digits: Int) -> Int? {
    guard text.utf8.count == digits, digits > 0,
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    return Int(text)
  }

  /// - Parameter clock: `07:28:00`.
  private static func date(_ year: Int, _ month: Int, _ day: Int, _ clock: Substring) -> Date? {
    let parts = clock.split(separator: ":", omittingEmptySubsequences: false)
      .compactMap { number($0, 2) }
    guard parts.count == 3, clock.utf8.count == 8, (1970...9999).contains(year),
      (1...12).contains(month), (1...31).contains(day), parts[0] < 24, parts[1] < 60,
      parts[2] <= 60
    else { return nil }
    let seconds = (parts[0] * 60 + parts[1]) * 60 + parts[2]
    return Date(timeIntervalSince1970: Double(days(year, month, day) * 86_400 + seconds))
  }

  /// Days since 1 January 1970 in the Gregorian calendar, with years that begin in March so that
  /// the leap day is the last one. A day that its month has not is one of the next.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month > 2 ? year : year - 1
    let monthFromMarch = (month + 9) % 12
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
  }
}
