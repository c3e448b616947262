// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Backup
import Foundation
import Testing

@testable import Daemon
@testable import DesiredState

/// When backups are due, by a clock that the test moves.
struct BackupAgendaTests {
  private let start = Date(timeIntervalSince1970: 1_795_910_400)  // 2026-11-29T00:00:00Z

  private func agenda(
    _ record: BackupRecord, jitter: Int64 = 0, verify: String? = nil, seed: String = "host"
  ) -> BackupAgenda {
    var spec = BackupSpec()
    spec.schedule = CronSchedule("0 3 * * *")
    spec.jitter = SpecDuration(seconds: jitter)
    spec.verify.schedule = verify.flatMap { CronSchedule($0) }
    return BackupAgenda(spec: spec, record: record, seed: seed)
  }

  private func record(_ points: [BackupRecord.Deed: Date]) -> BackupRecord {
    var record = BackupRecord()
    for (deed, point) in points { record.points[deed.rawValue] = point }
    return record
  }

  private func hours(_ count: Double) -> Date { start.addingTimeInterval(count * 3_600) }

  @Test("a schedule counts from when it is seen first, and each point once")
  func points() {
    #expect(agenda(BackupRecord()).unseen == [.create])
    #expect(agenda(BackupRecord()).due(at: hours(1_000)).isEmpty)
    var record = record([.create: start])
    #expect(agenda(record).unseen.isEmpty)
    #expect(agenda(record).due(at: hours(2.99)).isEmpty)
    #expect(agenda(record).due(at: hours(3)) == [.create])
    record.points["create"] = agenda(record).served(.create, at: hours(3.5))
    #expect(agenda(record).due(at: hours(26)).isEmpty)
    #expect(agenda(record).due(at: hours(27)) == [.create])
  }

  @Test("what was missed is done once, whether for an hour, a week or years")
  func missed() throws {
    for late: Double in [28, 24 * 7, 24 * 900] {
      var record = record([.create: start])
      let now = hours(late)
      #expect(agenda(record).due(at: now) == [.create])
      record.points["create"] = agenda(record).served(.create, at: now)
      #expect(agenda(record).due(at: now).isEmpty, "\(late)")
      let next = try #require(agenda(record).next(.create)).point
      #expect(next > now && next.timeIntervalSince(now) <= 86_400, "\(late)")
    }
  }

  @Test("hosts begin at times of their own within the jitter, each at the same one again")
  func jitter() throws {
    let record = record([.create: start])
    let starts = try (0..<50).map { host in
      let agenda = agenda(record, jitter: 600, seed: "host \(host)")
      let next = try #require(agenda.next(.create))
      #expect(next.point == hours(3))
      #expect(try #require(agenda.next(.create)).start == next.start)
      #expect((0..<600).contains(next.start.timeIntervalSince(next.point)))
      return next.start
    }
    #expect(Set(starts).count > 40)
  }

  @Test("a check that is due comes after the backup that is due, and needs a schedule")
  func verify() {
    let record = record([.create: start, .verify: start])
    #expect(agenda(record).due(at: hours(4)) == [.create])
    #expect(agenda(record, verify: "0 4 * * *").due(at: hours(4)) == [.create, .verify])
    #expect(agenda(record, verify: "0 5 * * *").due(at: hours(4)) == [.create])
  }

  @Test("a check that found damage, or only looked at sizes, verifies nothing")
  func verified() {
    var record = BackupRecord()
    func note(
      _ deed: BackupRecord.Deed, _ outcome: BackupRecord.Outcome, _ level: String, at hour: Double,
      in repository: String = "one"
    ) {
      record.note(
        deed,
        .init(
          at: hours(hour), outcome, repository: repository, snapshot: Int(hour), level: level,
          words: ""))
    }
    #expect(record.verified(in: "one") == nil)
    note(.verify, .done, "manifest", at: 1)
    #expect(record.verified(in: "one") == nil)
    note(.verify, .done, "data", at: 2)
    #expect(record.verified(in: "one") == 2 && record.verified(in: "two") == nil)
    note(.drill, .done, "drill", at: 3)
    #expect(record.verified(in: "one") == 3)
    note(.verify, .failed, "data", at: 4)
    #expect(record.verified(in: "one") == nil)
    note(.verify, .skipped, "data", at: 5)
    #expect(record.verified(in: "one") == 3)
  }
}
