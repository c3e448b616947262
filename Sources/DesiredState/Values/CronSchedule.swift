// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

package import ApplianceModel
public import Foundation

/// Points in time that return: minute, hour, day of month, month and day of week, as in crontab(5).
///
/// Where day of month and day of week are both restricted, either is enough. Each point comes once: one that the
/// clocks skip comes an hour later, one that they repeat the first time.
public struct CronSchedule: Hashable {
  /// As it was written.
  public let text: String
  private let minutes: UInt64
  private let hours: UInt64
  private let days: UInt64
  private let months: UInt64
  private let weekdays: UInt64
  private let isEitherDay: Bool

  private static let macros = [
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *",
  ]
  private static let monthNames = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
  ]
  private static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

  /// - Returns: `nil` for what is no schedule, or for one whose day no month has.
  public init?(_ text: String) {
    let fields = (Self.macros[text] ?? text).split(
      separator: " ", omittingEmptySubsequences: true)
    guard fields.count == 5, text.utf8.count <= 200,
      let minutes = Self.set(fields[0], 0...59), let hours = Self.set(fields[1], 0...23),
      let days = Self.set(fields[2], 1...31),
      let months = Self.set(fields[3], 1...12, names: Self.monthNames, from: 1),
      let weekdays = Self.set(fields[4], 0...7, names: Self.dayNames, from: 0)
    else { return nil }
    self.text = text
    (self.minutes, self.hours, self.days, self.months) = (minutes, hours, days, months)
    // Sunday is 0 and 7.
    self.weekdays = weekdays | (weekdays >> 7 & 1)
    isEitherDay = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
    let lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated()
    let longest = lengths.filter { months >> UInt64($0.offset + 1) & 1 == 1 }.map(\.element).max()
    guard isEitherDay || days.trailingZeroBitCount <= longest ?? 0 else { return nil }
  }

  /// One field: parts that are joined by commas, each `*`, a value or a range, with a step or without.
  private static func set(
    _ text: Substring, _ range: ClosedRange<Int>, names: [String] = [], from first: Int = 0
  ) -> UInt64? {
    func value(_ text: Substring) -> Int? {
      if let index = names.firstIndex(of: text.lowercased()) { return index + first }
      guard (1...2).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }),
        let value = Int(text), range.contains(value)
      else { return nil }
      return value
    }
    var bits: UInt64 = 0
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pieces = part.split(separator: "/", omittingEmptySubsequences: false)
      guard (1...2).contains(pieces.count) else { return nil }
      var step = 1
      if pieces.count == 2 {
        guard (1...2).contains(pieces[1].utf8.count),
          pieces[1].utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(pieces[1]),
          number >= 1
        else { return nil }
        step = number
      }
      let ends = pieces[0].split(separator: "-", omittingEmptySubsequences: false)
      let bounds: ClosedRange<Int>
      if pieces[0] == "*" {
        bounds = range
      } else if ends.count == 1, let only = value(ends[0]) {
        bounds = only...(pieces.count == 2 ? range.upperBound : only)
      } else if ends.count == 2, let low = value(ends[0]), let high = value(ends[1]), low <= high {
        bounds = low...high
      } else {
        return nil
      }
      for value in stride(from: bounds.lowerBound, through: bounds.upperBound, by: step) {
        bits |= 1 << UInt64(value)
      }
    }
    return bits
  }

  /// The first point after a time.
  ///
  /// - Returns: `nil` when there is none within nine years, which no schedule has that can be read.
  public func next(after time: Date, in zone: TimeZone) -> Date? {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    var day = calendar.startOfDay(for: time)
    for _ in 0..<(366 * 9) {
      let parts = calendar.dateComponents([.year, .month, .day, .weekday], from: day)
      if isDay(parts), let found = point(on: parts, after: time, calendar) { return found }
      guard let next = calendar.date(byAdding: .day, value: 1, to: day) else { return nil }
      day = calendar.startOfDay(for: next)
    }
    return nil
  }

  private func isDay(_ parts: DateComponents) -> Bool {
    guard let month = parts.month, let day = parts.day, let weekday = parts.weekday,
      months >> UInt64(month) & 1 == 1
    else { return false }
    let isDay = days >> UInt64(day) & 1 == 1
    let isWeekday = weekdays >> UInt64(weekday - 1) & 1 == 1
    return isEitherDay ? isDay || isWeekday : isDay && isWeekday
  }

  private func point(on day: DateComponents, after time: Date, _ calendar: Calendar) -> Date? {
    for hour in 0..<24 where hours >> UInt64(hour) & 1 == 1 {
      for minute in 0..<60 where minutes >> UInt64(minute) & 1 == 1 {
        let parts = DateComponents(
          year: day.year, month: day.month, day: day.day, hour: hour, minute: minute)
        if let found = calendar.date(from: parts), found > time { return found }
      }
    }
    return nil
  }
}

extension CronSchedule: SpecValue {
  package static func decode(
    _ node: DocumentNode, at path: SpecPath, into decoding: inout SpecDecoding
  ) -> CronSchedule? {
    guard let text = node.text(at: path, into: &decoding, expecting: "a schedule") else {
      return nil
    }
    if let value = CronSchedule(text) { return value }
    decoding.reject(
      node, path, "\(Quoted(text)) is not a schedule",
      hint:
        "write minute, hour, day of month, month and day of week, as in \"0 3 * * *\", and a day "
        + "that comes")
    return nil
  }

  package static var schema: [String: JSONValue] {
    ["type": "string", "pattern": "^(@(hourly|daily|weekly|monthly|yearly)|\\S+( +\\S+){4})$"]
  }
  package static var form: String { "schedule such as `0 3 * * *`" }
  package var json: JSONValue { .string(text) }
}
