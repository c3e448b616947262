// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Backup
import DurableIO
import Foundation
import Logging
import TestSupport
import Testing
import Timeline
import Tomb

@testable import Daemon
@testable import DesiredState

/// Backups that the supervisor makes, by a clock that the test moves.
struct BackupServiceTests {
  private let folder: TemporaryFolder
  private let paths: AppliancePaths
  private let start = Date(timeIntervalSince1970: 1_795_910_400)  // 2026-11-29T00:00:00Z

  init() throws {
    folder = try TemporaryFolder()
    paths = .user(home: folder("home"))
    for path in [paths.state, paths.configuration, paths.backupStaging] {
      try PrivateFolder.create(path)
    }
    let tomb = try HostTomb.store(paths, TombSpec(), asks: false)
    let recovery = try RecoveryKey.random()
    try tomb.create(recovery: [recovery.recipient], at: start)
    _ = try HostBackup(paths, TombSpec()).create(at: .folder(folder("repository")))
  }

  private func spec(_ repository: String = "repository") -> BackupSpec {
    var spec = BackupSpec()
    spec.schedule = CronSchedule("0 3 * * *")
    spec.jitter = SpecDuration(seconds: 0)
    spec.repository = folder(repository)
    spec.retention.last = Count(1)
    spec.retention.daily = Count(0)
    spec.retention.weekly = Count(0)
    spec.retention.monthly = Count(0)
    spec.verify.schedule = CronSchedule("0 4 * * *")
    spec.verify.level = .restore
    return spec
  }

  private func hours(_ count: Double) -> Date { start.addingTimeInterval(count * 3_600) }

  private func withService(_ body: (BackupService) async throws -> Void) async throws {
    let store = try TimelineStore(path: paths.timelineFile)
    let service = BackupService(
      paths: paths, tomb: { TombSpec() }, store: store, declared: { nil },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    do {
      try await body(service)
      try store.close()
    } catch {
      try store.close()
      throw error
    }
  }

  private func record() throws -> BackupRecord { try BackupRecordFile(paths).read() }

  private func snapshots() throws -> [Int] {
    try HostBackup(paths, TombSpec()).open(.folder(folder("repository"))).heads().snapshots
      .map(\.sequence)
  }

  @Test("what is due is done once, in its order, and what is not verified is not forgotten")
  func days() async throws {
    try await withService { service in
      await service.look(spec(), at: start)
      #expect(try record().last(.create) == nil)
      await service.look(spec(), at: hours(3))
      #expect(try snapshots() == [1])
      #expect(try record().last(.create)?.outcome == .done)
      #expect(try record().last(.verify) == nil)
      await service.look(spec(), at: hours(3.5))
      #expect(try snapshots() == [1])
      // Missed for two days: one backup, then one check.
      await service.look(spec(), at: hours(3 + 48 + 2))
      #expect(try snapshots() == [1, 2])
      let verified = try #require(try record().last(.verify))
      #expect(verified.outcome == .done && verified.level == "restore" && verified.snapshot == 2)
      await service.look(spec(), at: hours(3 + 72))
      #expect(try snapshots() == [2, 3])
    }
  }

  @Test("hosts with the same paths begin at times of their own")
  func seed() async throws {
    try await withService { service in
      #expect(service.seed.hasPrefix(HostIdentity.hash) && service.seed.hasSuffix(paths.state))
    }
  }

  @Test("a run that fails is remembered, and hinders no later one")
  func failure() async throws {
    try await withService { service in
      await service.look(spec("none"), at: start)
      await service.look(spec("none"), at: hours(3))
      let failed = try #require(try record().last(.create), "nothing ran")
      #expect(failed.outcome == .failed && failed.words.contains("no backup repository"))
      await service.look(spec(), at: hours(27))
      #expect(try record().last(.create)?.outcome == .done)
    }
  }

  @Test("while another backup runs a run is skipped, with the reason")
  func skipped() async throws {
    try await withService { service in
      await service.look(spec(), at: start)
      let lock = try FileLock(acquiring: paths.backupStaging + "/lock", purpose: "a test")
      await service.look(spec(), at: hours(3))
      _ = consume lock
      let skipped = try #require(try record().last(.create))
      #expect(skipped.outcome == .skipped && skipped.words.contains("locked"))
      #expect(try snapshots().isEmpty)
    }
  }

  @Test("a clock that was ahead once keeps no backup from being made")
  func clockAhead() async throws {
    try await withService { service in
      await service.look(spec(), at: start)
      await service.look(spec(), at: hours(24 * 400))
      let first = try snapshots()
      await service.look(spec(), at: hours(1))
      await service.look(spec(), at: hours(4))
      let second = try snapshots()
      #expect(first == [1] && second.contains(2))
    }
  }

  @Test("a run that the supervisor did not survive is made again, but not for ever")
  func interrupted() async throws {
    try await withService { service in
      await service.look(spec(), at: start)
      try BackupRecordFile(paths).update { $0.begun["create"] = 2 }
      await service.look(spec(), at: hours(3))
      let (made, record) = (try snapshots(), try record())
      #expect(made == [1] && record.begun.isEmpty)
      try BackupRecordFile(paths).update { $0.begun["create"] = 3 }
      await service.look(spec(), at: hours(27))
      let (later, ended) = (try snapshots(), try #require(try self.record().last(.create)))
      #expect(later == [1] && ended.outcome == .failed && ended.words.contains("3 runs"))
      await service.look(spec(), at: hours(51))
      #expect(try snapshots().contains(2))
    }
  }

  @Test("a record that cannot be read keeps no backup from being made, and is kept")
  func damagedRecord() async throws {
    try await withService { service in
      await service.look(spec(), at: start)
      for (hour, text) in [(0.5, "{"), (1.0, "")] {
        try Data(text.utf8).write(to: URL(filePath: paths.backupRecord))
        #expect(throws: ApplianceError.self) { try record() }
        await service.look(spec(), at: hours(hour))
        #expect(
          try Data(contentsOf: URL(filePath: paths.backupRecord + ".damaged")).count
            == text.utf8.count)
      }
      await service.look(spec(), at: hours(3))
      #expect(try snapshots() == [1])
      #expect(try record().last(.create)?.outcome == .done)
    }
  }

  @Test("what was seen of a repository and cannot be read refuses it, and names the file")
  func damagedSeen() async throws {
    try await withService { service in
      await service.look(spec(), at: start)
      await service.look(spec(), at: hours(3))
      let name = try #require(
        try PrivateFolder.names(in: paths.copies).first {
          $0.hasSuffix(".seen") && $0 != "tomb.seen"
        })
      try Data("x".utf8).write(to: URL(filePath: "\(paths.copies)/\(name)"))
      await service.look(spec(), at: hours(27))
      let failed = try #require(try record().last(.create, [.failed]))
      #expect(failed.words.contains(name), "\(failed.words)")
      #expect(try snapshots() == [1])
    }
  }

  @Test("the next look is when the next run begins, or soon")
  func pause() async throws {
    try await withService { service in
      await service.look(spec(), at: start)
      #expect(service.pause(spec(), at: hours(3).addingTimeInterval(-7)) == .seconds(7))
      #expect(service.pause(spec(), at: hours(1)) == .seconds(20))
      // What could not be done is not tried without end.
      #expect(service.pause(spec(), at: hours(3.5)) == .seconds(20))
    }
  }

  @Test("a host that only appends forgets nothing")
  func appendOnly() async throws {
    var spec = spec()
    spec.appendOnly = true
    try await withService { service in
      await service.look(spec, at: start)
      for day in 1...3 { await service.look(spec, at: hours(Double(day) * 24 + 5)) }
      let (made, pruned) = (try snapshots(), try record().last(.prune))
      #expect(made == [1, 2, 3] && pruned == nil)
    }
  }
}
