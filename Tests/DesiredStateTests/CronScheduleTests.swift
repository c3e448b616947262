// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

@testable import DesiredState

/// Schedules are read as crontab(5) has it.
struct CronScheduleTests {
  struct Example: CustomTestStringConvertible {
    let schedule: String
    let after: String
    let next: String
    var zone = "UTC"
    var testDescription: String { "\(schedule) \(after) \(zone)" }

    init(_ schedule: String, _ after: String, _ next: String, in zone: String = "UTC") {
      (self.schedule, self.after, self.next, self.zone) = (schedule, after, next, zone)
    }
  }

  @Test(arguments: [
    Example("0 3 * * *", "2026-11-29T02:59:59Z", "2026-11-29T03:00:00Z"),
    Example("0 3 * * *", "2026-11-29T03:00:00Z", "2026-11-30T03:00:00Z"),
    Example("*/15 * * * *", "2026-11-29T23:46:00Z", "2026-11-30T00:00:00Z"),
    Example("5/20 * * * *", "2026-11-29T10:06:00Z", "2026-11-29T10:25:00Z"),
    Example("0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"),
    Example("0 12 * * mon-fri", "2026-11-27T12:00:00Z", "2026-11-30T12:00:00Z"),
    Example("0 12 * * 7", "2026-11-29T12:00:00Z", "2026-12-06T12:00:00Z"),
    Example("0 12 * * Sun", "2026-11-28T12:00:00Z", "2026-11-29T12:00:00Z"),
    // Both days restricted: either is enough.
    Example("0 0 1,15 * fri", "2026-11-28T00:00:00Z", "2026-12-01T00:00:00Z"),
    Example("0 0 1,15 * fri", "2026-12-01T00:00:00Z", "2026-12-04T00:00:00Z"),
    Example("0 0 1 jan,JUL *", "2026-11-29T00:00:00Z", "2027-01-01T00:00:00Z"),
    Example("@weekly", "2026-11-29T00:00:00Z", "2026-12-06T00:00:00Z"),
    Example("@monthly", "2026-11-29T00:00:00Z", "2026-12-01T00:00:00Z"),
    // A place's own time, in winter and in summer.
    Example("30 2 * * *", "2026-01-10T12:00:00Z", "2026-01-11T01:30:00Z", in: "Europe/Berlin"),
    Example("30 2 * * *", "2026-07-10T12:00:00Z", "2026-07-11T00:30:00Z", in: "Europe/Berlin"),
    // 2026-03-29: the clocks skip 02:30. 2026-10-25: they show it twice.
    Example("30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z", in: "Europe/Berlin"),
    Example("30 2 * * *", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z", in: "Europe/Berlin"),
    Example("30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", in: "Europe/Berlin"),
    Example("30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", in: "Europe/Berlin"),
  ])
  func next(example: Example) throws {
    let schedule = try #require(CronSchedule(example.schedule))
    let zone = try #require(ZoneName(example.zone)).zone
    let after = try Date(example.after, strategy: .iso8601)
    #expect(schedule.next(after: after, in: zone)?.formatted(.iso8601) == example.next)
  }

  @Test(arguments: [
    "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *",
    "* * * 13 *", "* * * * 8", "-1 * * * *", "5-1 * * * *", "*/0 * * * *", "1,,2 * * * *",
    "* * * * mond", "a * * * *", "1-2-3 * * * *", "*/1/1 * * * *", "0 0 30 2 *", "0 0 31 4,6 *",
    "@reboot", "99999999999999999999 * * * *", "* * * * *\u{0}", "１ * * * *",
  ])
  func refused(text: String) {
    #expect(CronSchedule(text) == nil)
  }

  @Test("points come in order, each after the one before, over random schedules and places")
  func order() throws {
    let seed = SplitMix64.seed(of: "cron order")
    var random = SplitMix64(seed: seed)
    let zones = ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata"]
    for _ in 0..<200 {
      let text =
        "\(Int.random(in: 0..<60, using: &random)) \(Int.random(in: 0..<24, using: &random)) "
        + "\(Bool.random(using: &random) ? "*" : "\(Int.random(in: 1...28, using: &random))") * *"
      let schedule = try #require(CronSchedule(text))
      let zone = try #require(ZoneName(zones.randomElement(using: &random) ?? "UTC")).zone
      var time = Date(timeIntervalSince1970: .random(in: 0...2_000_000_000, using: &random))
      for _ in 0..<10 {
        let next = try #require(schedule.next(after: time, in: zone), "\(text), seed \(seed)")
        #expect(next > time && next.timeIntervalSince(time) <= 86_400 * 32, "\(text), seed \(seed)")
        time = next
      }
    }
  }

  @Test(arguments: ["Mars/Olympus", "", "utc+1", "../../etc/passwd", "EST5EDT,M3"])
  func unknownPlaces(text: String) {
    #expect(ZoneName(text) == nil)
  }
}
