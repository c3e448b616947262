// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Backup
import Foundation
import TestSupport
import Testing
import Timeline

@testable import Daemon
@testable import DesiredState

/// What `kafclaw status` says of backups, the audit log and dead letters.
struct UpkeepTests {
  private static let start = Date(timeIntervalSince1970: 1_795_910_400)  // 2026-11-29T00:00:00Z

  private func upkeep(_ bench: AccessBench) -> Upkeep {
    Upkeep(paths: bench.paths, audit: HostAudit(bench.paths), store: bench.store)
  }

  private func run(
    _ deed: BackupRecord.Deed, _ outcome: BackupRecord.Outcome, _ hours: Double
  ) -> BackupRecord.Run {
    BackupRecord.Run(
      deed, at: Self.start + hours * 3_600, outcome, address: "/srv/backup", repository: nil,
      words: "word")
  }

  @Test("the last of each deed, and what is late or failed")
  func backups() async throws {
    try await withBench { bench in
      let upkeep = upkeep(bench)
      #expect(upkeep.backup(nil, at: Self.start) == nil)
      var spec = BackupSpec()
      spec.schedule = CronSchedule("0 3 * * *")
      spec.repository = "/srv/backup"
      let none = try #require(upkeep.backup(spec, at: Self.start))
      #expect(none.made == nil && none.drilled == nil && none.problems == [])

      let file = BackupRecordFile(bench.paths)
      try file.update { $0.note(run(.create, .done, 3), now: Self.start + 86_400) }
      let made = try #require(upkeep.backup(spec, at: Self.start + 4 * 3_600))
      #expect(made.made == Self.start + 3 * 3_600 && made.verified == nil && made.problems == [])

      try file.update { $0.note(run(.create, .failed, 27), now: Self.start + 2 * 86_400) }
      let failed = try #require(upkeep.backup(spec, at: Self.start + 28 * 3_600))
      #expect(failed.made == made.made && failed.problems.count == 1)
      #expect(failed.problems[0].contains("the last backup, of 2026-11-30T03:00:00Z, failed: word"))

      let late = try #require(upkeep.backup(spec, at: Self.start + 90 * 3_600))
      #expect(late.problems.first?.contains("one was due by") == true, "\(late)")
    }
  }

  @Test("a record of backups that cannot be read is a problem, not a host without any")
  func damagedRecord() async throws {
    try await withBench { bench in
      let file = BackupRecordFile(bench.paths)
      try file.update { $0.note(run(.create, .done, 3), now: Self.start) }
      try Data("{".utf8).write(to: URL(filePath: bench.paths.backupRecord))
      let backup = try #require(upkeep(bench).backup(BackupSpec(), at: Self.start))
      #expect(backup.made == nil && backup.problems.count == 1)
    }
  }

  @Test("an audit log that cannot be written is told")
  func audit() async throws {
    try await withBench { bench in
      let upkeep = upkeep(bench)
      try upkeep.audit.note(.tombChange, "tomb:x", .done)
      let whole = upkeep.auditLog()
      #expect(whole.isWritable && whole.problem == nil)
      try bench.breakAudit()
      let broken = upkeep.auditLog()
      #expect(!broken.isWritable && broken.problem != nil)
      try bench.mendAudit()
      #expect(upkeep.auditLog() == whole)
    }
  }
}
