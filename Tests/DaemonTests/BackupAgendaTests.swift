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

  private func run(
    _ deed: BackupRecord.Deed, _ outcome: BackupRecord.Outcome, _ level: String? = nil,
    at hour: Double, in repository: String = "one", key: Bool? = nil
  ) -> BackupRecord.Run {
    var run = BackupRecord.Run(
      deed, at: hours(hour), outcome, address: "/srv/\(repository)", repository: repository,
      words: "")
    (run.level, run.snapshot, run.isByRecoveryKey) = (level, Int(hour), key)
    return run
  }

  @Test("what is lesser, of elsewhere, skipped or a drill is no check of everything")
  func reading() {
    var record = BackupRecord()
    record.note(run(.verify, .done, "manifest", at: 1))
    record.note(run(.drill, .done, at: 2))
    #expect(record.lastReading(of: "one") == nil)
    record.note(run(.verify, .done, "data", at: 3))
    #expect(record.lastReading(of: "one")?.snapshot == 3)
    #expect(record.lastReading(of: "two") == nil)
    var damaged = run(.verify, .failed, "data", at: 4)
    (damaged.broken, damaged.damagedPacks) = ([2], ["packs/ab/abc"])
    record.note(damaged)
    record.note(run(.verify, .done, "manifest", at: 5))
    record.note(run(.verify, .skipped, "data", at: 6))
    record.note(run(.verify, .done, "data", at: 7, in: "two"))
    #expect(record.lastReading(of: "one")?.broken == [2])
    #expect(record.damagedPacks(of: "one") == ["packs/ab/abc"])
    #expect(record.last(.verify, at: "/srv/one", [.done, .failed]) { $0.isDeep }?.at == hours(4))
    record.note(run(.verify, .done, "restore", at: 8))
    #expect(record.damagedPacks(of: "one").isEmpty)
  }

  @Test("an older run that is told later covers no newer one, and keys are told apart")
  func order() {
    var record = BackupRecord()
    record.note(run(.drill, .failed, at: 5, key: true))
    record.note(run(.drill, .done, at: 3, key: true))
    #expect(record.last(.drill)?.outcome == .failed)
    record.note(run(.drill, .done, at: 6, key: true))
    record.note(run(.drill, .done, at: 9, key: false))
    #expect(record.last(.drill, [.done]) { $0.isByRecoveryKey == true }?.at == hours(6))
    for hour in 0..<2_000 { record.note(run(.create, .done, at: Double(hour), in: "r\(hour)")) }
    #expect(record.runs.count <= 200)
  }
}
