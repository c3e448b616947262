// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

@testable import Backup

/// Which snapshots are kept.
struct RetentionTests {
  private func snapshots(_ times: [Date], size: Int = 1_000) -> [RetainedSnapshot] {
    times.enumerated().map {
      RetainedSnapshot(sequence: $0.offset + 1, time: $0.element, size: size, rows: 10)
    }
  }

  private func kept(
    _ rule: RetentionRule, _ snapshots: [RetainedSnapshot], verified: Int? = .max,
    now: Date
  ) -> [Int] {
    rule.decide(snapshots, verified: verified, now: now).filter(\.isKept).map(\.sequence)
  }

  @Test("a year of days keeps seven days, four weeks and twelve months")
  func year() {
    let start = Date(timeIntervalSince1970: 1_704_078_000)  // 2024-01-01T03:00:00Z, a Monday
    let all = snapshots((0..<366).map { start.addingTimeInterval(Double($0) * 86_400) })
    let now = start.addingTimeInterval(365.5 * 86_400)
    let rule = RetentionRule(last: 1, periods: [.daily: 7, .weekly: 4, .monthly: 12])
    // 2024-12-31 is day 366; Mondays are 365, 358, 351, 344; months begin on the first.
    #expect(
      kept(rule, all, now: now) == [
        1, 32, 61, 92, 122, 153, 183, 214, 245, 275, 306, 336, 344, 351, 358, 360, 361, 362, 363,
        364, 365, 366,
      ])
  }

  @Test("what claims a time of its own choice displaces nothing that was there before")
  func forgedTimes() {
    let now = Date(timeIntervalSince1970: 1_704_078_000)
    let honest = (0...10).map { now.addingTimeInterval(Double($0 - 10) * 86_400) }
    let rule = RetentionRule(last: 1, periods: [.daily: 5])
    let before = Set(kept(rule, snapshots(honest), now: now))
    // Forged: one in every period, past and to come, and many of one moment.
    let forged =
      honest + (-400..<400).map { now.addingTimeInterval(Double($0) * 43_200) }
      + [Date](repeating: now, count: 50)
    let after = Set(kept(rule, snapshots(forged), now: now))
    #expect(before == [7, 8, 9, 10, 11])
    #expect(before.subtracting(after).isEmpty)
  }

  @Test("without a check of everything nothing is forgotten, and never what was checked last")
  func verified() {
    let now = Date(timeIntervalSince1970: 1_704_078_000)
    let all = snapshots((0..<20).map { now.addingTimeInterval(Double($0 - 20) * 3_600) })
    let rule = RetentionRule(last: 2, periods: [:])
    #expect(kept(rule, all, verified: nil, now: now) == Array(1...20))
    #expect(kept(rule, all, verified: 15, now: now) == Array(15...20))
    #expect(kept(rule, all, now: now) == [19, 20])
  }

  @Test("over random histories every period has its first, and nothing else is needed")
  func properties() {
    let seed = SplitMix64.seed(of: "backup retention")
    var random = SplitMix64(seed: seed)
    for _ in 0..<10_000 {
      let now = Date(timeIntervalSince1970: Double.random(in: 0...4_000_000_000, using: &random))
      let count = Int.random(in: 0..<12, using: &random)
      let spans: [Double] = [3_600, 86_400, 86_400 * 40, 86_400 * 800]
      let span = spans.randomElement(using: &random) ?? 1
      let all = snapshots(
        (0..<count).map { _ in
          now.addingTimeInterval(.random(in: -span...span / 10, using: &random))
        })
      let verified = Int.random(in: 0...count, using: &random)
      let last = Int.random(in: 1..<4, using: &random)
      let daily = Int.random(in: 0..<5, using: &random)
      let rule = RetentionRule(last: last, periods: [.daily: daily])
      let kept = Set(kept(rule, all, verified: verified, now: now))
      // The same, said in another way: days are numbers, and a day is one that comes first.
      let timely = all.filter { $0.time <= now.addingTimeInterval(300) }
      let days = Set(timely.map(day)).sorted().suffix(daily)
      var expected = Set(all.suffix(last).map(\.sequence))
      expected.formUnion(
        all.filter { $0.sequence > verified || !timely.contains($0) }.map(\.sequence))
      if verified > 0 { expected.insert(verified) }
      for day in days {
        if let first = timely.first(where: { self.day($0) == day }) {
          expected.insert(first.sequence)
        }
      }
      #expect(kept == expected, "seed \(seed)")
      guard kept == expected else { return }
    }
  }

  private func day(_ snapshot: RetainedSnapshot) -> Int {
    Int((snapshot.time.timeIntervalSince1970 / 86_400).rounded(.down))
  }
}
