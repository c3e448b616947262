// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DurableIO
import Planning
import Testing

@testable import Reconciliation

/// Passes that go well: apply, then stay quiet.
struct ConvergenceTests {
  private let appliance: Appliance

  init() throws { appliance = try Appliance() }

  @Test func firstPassAppliesEverything() async throws {
    let outcome = await appliance.pass(.start)
    #expect(outcome.kind == .applied)
    #expect(outcome.error == nil)
    let plan = try #require(outcome.plan)
    #expect(plan.summary.create == plan.changes.count)
    #expect(await appliance.host.live.count == plan.changes.count)
    #expect(try await appliance.recordMatchesHost())
    let record = try appliance.files.appliedState()
    #expect(record.serial == 1)
    #expect(record.revisions.applied == Desired.hexadecimal(1))
    #expect(record.appliedAt != nil)
    #expect(try appliance.bundles.current()?.revision == Desired.revision(1))
    #expect(try ReconcileJournal(path: appliance.paths.journal).interrupted() == [])
  }

  @Test func wavesAreAppliedInOrderAndHealthComesAfter() async throws {
    await appliance.pass()
    let log = await appliance.host.log
    let waves = log.compactMap { entry in
      ResourceAddress(String(entry.split(separator: " ").last ?? ""))?.kind.wave
    }
    #expect(waves == waves.sorted())
    #expect(log.last == "health")
  }

  @Test(arguments: 1...3)
  func everyLaterPassChangesNothingAndWritesNoByte(passes: Int) async throws {
    await appliance.pass()
    let before = try appliance.fingerprint()
    await appliance.host.clearLog()
    for _ in 1...passes {
      let outcome = await appliance.pass()
      #expect(outcome.kind == .noChange)
      #expect(outcome.plan?.changes == [])
    }
    #expect(try appliance.fingerprint() == before)
    #expect(await appliance.host.log == Array(repeating: "health", count: passes))
  }

  @Test func restartOfTheProgramChangesNothing() async throws {
    await appliance.pass()
    let before = try appliance.fingerprint()
    let restarted = appliance.restarted()
    try await restarted.recover()
    #expect(await restarted.pass(.start).kind == .noChange)
    #expect(await restarted.current.interrupted == [])
    #expect(try appliance.fingerprint() == before)
  }

  @Test func folderWithoutACommitSettlesToo() async throws {
    await appliance.source.give(Desired.folder())
    #expect(await appliance.pass().kind == .applied)
    let before = try appliance.fingerprint()
    #expect(await appliance.pass().kind == .noChange)
    #expect(try appliance.fingerprint() == before)
    #expect(try appliance.files.appliedState().revisions.applied == nil)
  }

  @Test func newCommitAppliesItsDifferenceOnly() async throws {
    await appliance.pass()
    await appliance.host.clearLog()
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n"))
    let outcome = await appliance.pass()
    #expect(outcome.kind == .applied)
    #expect(
      await appliance.host.log == [
        "health", "write configuration/config.json", "write component/gateway", "health", "health",
        "health",
      ])
    #expect(try appliance.files.appliedState().serial == 2)
    #expect(try appliance.files.appliedState().revisions.applied == Desired.hexadecimal(2))
    #expect(try await appliance.recordMatchesHost())
  }

  /// A commit that changes nothing here is noted, once, and nothing else happens.
  @Test func commitWithTheSameContentIsRecordedOnce() async throws {
    await appliance.pass()
    await appliance.host.clearLog()
    await appliance.source.give(Desired.commit(2))
    #expect(await appliance.pass().kind == .noChange)
    #expect(await appliance.host.log == ["health"])
    let record = try appliance.files.appliedState()
    #expect(record.revisions.applied == Desired.hexadecimal(2))
    #expect(record.serial == 1, "the serial counts applies that changed something")
    #expect(try appliance.history().count == 1)
    let before = try appliance.fingerprint()
    #expect(await appliance.pass().kind == .noChange)
    #expect(try appliance.fingerprint() == before)
  }

  /// The way out that a damaged record names: move it away, and what runs is adopted.
  @Test func thingsFoundAsDesiredAreAdoptedWithoutAWrite() async throws {
    await appliance.pass()
    let live = await appliance.host.live
    try DurableFile.removeIfPresent(appliance.paths.appliedState)
    await appliance.host.clearLog()
    let outcome = await appliance.restarted().pass(.start)
    #expect(outcome.kind == .applied)
    #expect(outcome.plan?.summary.adopt == live.count)
    #expect(await appliance.host.log == ["health"])
    #expect(await appliance.host.live == live)
    #expect(try await appliance.recordMatchesHost())
  }

  @Test func passesAtTheSameTimeTakeTurns() async throws {
    let appliance = appliance
    let kinds = await withTaskGroup(of: PassOutcome.Kind.self) { group in
      for _ in 0..<8 { group.addTask { await appliance.pass().kind } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(kinds.filter { $0 == .applied }.count == 1)
    #expect(kinds.filter { $0 == .noChange }.count == 7)
    let writes = await appliance.host.log.filter { $0.hasPrefix("write") }
    #expect(Set(writes).count == writes.count)
  }
}
