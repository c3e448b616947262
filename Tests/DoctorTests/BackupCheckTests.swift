// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Backup
import Foundation
import Testing

@testable import Doctor

/// What is declared of backups, and what became of it.
struct BackupCheckTests {
  private var host: HostBuilder
  private let day: TimeInterval = 86_400

  init() throws {
    host = try HostBuilder()
    try host.desire(
      HostBuilder.desiredText + """
        backup:
          schedule: "0 3 * * *"
          repository: /srv/backups
          verify: {schedule: "0 5 * * 0", maxAge: 30d}

        """)
  }

  private func note(
    _ deed: BackupRecord.Deed, _ outcome: BackupRecord.Outcome, _ ago: TimeInterval,
    isByRecoveryKey: Bool? = nil, level: String = "data", in address: String = "/srv/backups",
    made: TimeInterval? = nil, words: String = "as expected"
  ) throws {
    let time = host.now.addingTimeInterval(-ago)
    var run = BackupRecord.Run(
      deed, at: time, outcome, address: address, repository: "one", words: words)
    (run.snapshot, run.level, run.isByRecoveryKey) = (7, level, isByRecoveryKey)
    run.snapshotTime = made.map { host.now.addingTimeInterval(-$0) }
    let noted = run
    try BackupRecordFile(host.paths).update { $0.note(noted) }
  }

  private func begin(_ ago: TimeInterval) throws {
    try BackupRecordFile(host.paths).update { record in
      for deed in ["create", "verify"] {
        record.points[deed] = host.now.addingTimeInterval(-ago)
      }
    }
  }

  @Test func withoutADeclarationThereIsNothingToLookAt() async throws {
    var host = host
    try host.desire(HostBuilder.desiredText)
    for check in Checks.backup { #expect(await host.examine(check).isNotApplicable) }
    for check in [Check.goLiveBackup, .goLiveDrill] {
      #expect(await host.examine(check).status == .fail)
    }
  }

  @Test func aNewScheduleHasTime() async throws {
    try begin(60)
    #expect(await host.examine(.backupRecent).isNotApplicable)
    #expect(await host.examine(.backupVerified).isNotApplicable)
    #expect(await host.examine(.backupDrilled).status == .warn)
    #expect(await host.examine(.goLiveBackup).status == .fail)
    #expect(await host.examine(.goLiveDrill).status == .fail)
  }

  @Test func overdueFails() async throws {
    try begin(60 * day)
    for check in Checks.backup { #expect(await host.examine(check).status == .fail) }
    try note(.create, .done, 3 * day)
    try note(.create, .failed, day, words: "no space left")
    let late = await host.examine(.backupRecent)
    #expect(late.status == .fail && late.evidence.contains("no space left"))
    #expect(await host.examine(.goLiveBackup).status == .fail)
    try note(.verify, .done, 20 * day)
    #expect(await host.examine(.backupVerified).status == .fail)
    try note(.drill, .done, 31 * day, isByRecoveryKey: true)
    #expect(await host.examine(.backupDrilled).status == .fail)
    #expect(await host.examine(.goLiveDrill).status == .fail)
  }

  @Test func whatIsDoneInTimePasses() async throws {
    try begin(60 * day)
    try note(.create, .done, 600)
    try note(.verify, .done, 600)
    try note(.drill, .done, 29 * day, isByRecoveryKey: true)
    for check in Checks.backup + [.goLiveBackup, .goLiveDrill] {
      let result = await host.examine(check)
      #expect(result.isPass && !result.isNotApplicable, "\(result)")
    }
  }

  @Test func damageFailsAtOnce() async throws {
    try note(.create, .done, 600)
    try note(.verify, .failed, 60, words: "packs/ab/abc: is gone")
    let result = await host.examine(.backupVerified)
    #expect(result.status == .fail && result.evidence.contains("packs/ab/abc"))
    try note(.drill, .failed, 60, words: "chat: no answer")
    #expect(await host.examine(.backupDrilled).status == .fail)
  }

  @Test func aDrillWithoutTheRecoveryKeyIsHalfAProof() async throws {
    try note(.create, .done, 600)
    try note(.drill, .done, 60, isByRecoveryKey: false)
    #expect(await host.examine(.backupDrilled).status == .warn)
    #expect(await host.examine(.goLiveDrill).status == .fail)
  }

  @Test func aLesserCheckOrOneOfElsewhereCoversNothing() async throws {
    try note(.create, .done, 600)
    try note(.verify, .failed, 500, words: "packs/ab/abc: is gone")
    try note(.verify, .done, 400, level: "manifest")
    try note(.verify, .done, 300, in: "/srv/other")
    try note(.verify, .skipped, 200)
    #expect(await host.examine(.backupVerified).status == .fail)
    try note(.drill, .failed, 500, isByRecoveryKey: true)
    try note(.drill, .done, 400, isByRecoveryKey: true, in: "/srv/other")
    #expect(await host.examine(.backupDrilled).status == .fail)
  }

  @Test func aFailureIsMadeGoodByTheSameOrMoreOnly() async throws {
    try note(.create, .done, 900)
    try note(.verify, .failed, 800, level: "restore", words: "timeline.rows")
    try note(.verify, .done, 700, level: "data")
    #expect(await host.examine(.backupVerified).status == .fail)
    try note(.verify, .done, 600, level: "restore")
    #expect(await host.examine(.backupVerified).isPass)
    try note(.verify, .failed, 500, level: "manifest", words: "packs/ab/abc: is gone")
    #expect(await host.examine(.backupVerified).status == .fail)
    try note(.drill, .failed, 400, isByRecoveryKey: true)
    try note(.drill, .done, 300, isByRecoveryKey: false)
    #expect(await host.examine(.backupDrilled).status == .fail)
    try note(.drill, .done, 200, isByRecoveryKey: true)
    #expect(await host.examine(.backupDrilled).isPass)
  }

  @Test func theSameRepositoryIsTheSameHoweverItIsWritten() async throws {
    var host = host
    try host.desire(
      HostBuilder.desiredText + """
        backup: {schedule: "0 3 * * *", repository: /srv/backups/}

        """)
    try note(.create, .done, 600)
    #expect(await host.examine(.goLiveBackup).isPass)
  }

  @Test func aDrillWithTheTombsKeyDoesNotTakeThePlaceOfTheOther() async throws {
    try note(.create, .done, 600)
    try note(.drill, .done, 20 * day, isByRecoveryKey: true)
    try note(.drill, .done, 60, isByRecoveryKey: false)
    #expect(await host.examine(.goLiveDrill).isPass)
  }

  @Test func aDrillOfAnOldSnapshotSaysLittle() async throws {
    try note(.create, .done, 600)
    try note(.drill, .done, 60, isByRecoveryKey: true, made: 90 * day)
    #expect(await host.examine(.backupDrilled).status == .fail)
  }

  @Test func aClockThatWasAheadIsTold() async throws {
    try note(.create, .done, -300 * day)
    let result = await host.examine(.backupRecent)
    #expect(result.status == .fail && result.evidence.contains("which is to come"))
  }

  @Test func aPruneThatFailsIsTold() async throws {
    try note(.create, .done, 600)
    try note(.prune, .failed, 500, words: "no space left")
    let result = await host.examine(.backupRecent)
    #expect(result.status == .warn && result.evidence.contains("no space left"))
  }

  @Test func aRecordThatCannotBeReadIsNoPass() async throws {
    try host.write("{", to: host.paths.backupRecord)
    for check in Checks.backup { #expect(await host.examine(check).status == .unknown) }
  }
}
