// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import FoundationEssentials
import Testing

@testable import Planning
@testable import Reconciliation

/// Files of the reconciler that are damaged, missing or cut off.
struct DamagedStateTests {
  private let appliance: Appliance

  init() async throws {
    appliance = try Appliance()
    #expect(await appliance.pass().kind == .applied)
    await appliance.host.clearLog()
  }

  private func damage(_ path: String, _ text: String) throws {
    try DurableFile.replace(path, with: Array(text.utf8))
  }

  static let damages = ["", "{", "[]", "null", "{}", "\u{0}", "{\"formatVersion\":1,\"serial\":"]

  @Test(arguments: DamagedStateTests.damages)
  func damagedRecordIsRefusedAndNotGuessed(text: String) async throws {
    try damage(appliance.paths.appliedState, text)
    let (before, live) = (try appliance.fingerprint(), await appliance.host.live)
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n", workspace: [:]))
    let outcome = await appliance.restarted().pass(.start)
    #expect(outcome.kind == .failed)
    #expect(outcome.error?.code == .reconcilerState)
    #expect(outcome.error?.message.contains(appliance.paths.appliedState) == true)
    #expect(outcome.error?.hint != nil)
    #expect(await appliance.host.live == live)
    #expect(await appliance.host.log == [])
    let after = try appliance.fingerprint().filter { !$0.hasPrefix("reconciler/history.jsonl ") }
    #expect(after == before.filter { !$0.hasPrefix("reconciler/history.jsonl ") })
  }

  /// A fault of the appliance is not one of the source: exit code 1, not 7.
  @Test func planOverADamagedRecordFailsAsSuch() async throws {
    try damage(appliance.paths.appliedState, "{")
    let outcome = await appliance.reconciler.plan(nil)
    #expect(outcome.error?.code == .reconcilerState)
    #expect(outcome.kind == .failed)
  }

  @Test(arguments: DamagedStateTests.damages)
  func damagedBundleIsReadFromTheArchive(text: String) async throws {
    try damage(appliance.paths.bundle, text)
    await appliance.host.set("modes/run/", ["mode": "0777"])
    await appliance.source.fail("no answer")
    let outcome = await appliance.restarted().pass(.start)
    #expect(outcome.kind == .sourceFailed)
    #expect(try await appliance.recordMatchesHost())
  }

  @Test(arguments: DamagedStateTests.damages)
  func damagedBundleIsStoredAgain(text: String) async throws {
    try damage(appliance.paths.bundle, text)
    _ = await appliance.pass()
    #expect(try appliance.bundles.current()?.revision == Desired.revision(1))
  }

  @Test(arguments: DamagedStateTests.damages)
  func damagedStateInTheArchiveStopsNoApply(text: String) async throws {
    for file in try PrivateFolder.names(in: appliance.paths.bundles) {
      try damage("\(appliance.paths.bundles)/\(file)", text)
    }
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n"))
    #expect(await appliance.pass().kind == .applied)
    let error = #expect(throws: ApplianceError.self) { try appliance.bundles.find(nil) }
    #expect(error?.code == .noBundle)
  }

  @Test(arguments: DamagedStateTests.damages)
  func damagedBundleIsToldWhenItIsNeeded(text: String) async throws {
    try damage(appliance.paths.bundle, text)
    for file in try PrivateFolder.names(in: appliance.paths.bundles) {
      try damage("\(appliance.paths.bundles)/\(file)", text)
    }
    let live = await appliance.host.live
    await appliance.source.fail("no answer")
    let outcome = await appliance.restarted().pass(.start)
    #expect(outcome.kind == .failed)
    #expect(outcome.error?.code == .reconcilerState)
    #expect(await appliance.host.live == live)
  }

  @Test func lostBundleIsWrittenAgainWithTheNextChange() async throws {
    try DurableFile.removeIfPresent(appliance.paths.bundle)
    await appliance.host.set("modes/run/", ["mode": "0777"])
    #expect(await appliance.pass().kind == .applied)
    #expect(try appliance.bundles.current()?.revision == Desired.revision(1))
  }

  @Test func tornLineOfTheHistoryIsPassedOver() async throws {
    try DurableFile.append(Array("{\"at\":\"2027-01".utf8), to: appliance.paths.history)
    #expect(try appliance.history().map(\.outcome) == [.applied])
    #expect(await appliance.pass().kind == .noChange)
  }

  /// What comes after a torn line must not be lost with it.
  @Test func entryAfterATornLineIsNotLost() async throws {
    try DurableFile.append(Array("{\"at\":\"2027-01".utf8), to: appliance.paths.history)
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n"))
    #expect(await appliance.pass().kind == .applied)
    #expect(try appliance.history().map(\.commit) == [2, 1].map(Desired.hexadecimal))
  }

  @Test func newestEntriesComeFirstAndAreLimited() async throws {
    for number in 2...6 {
      await appliance.source.give(Desired.commit(number, "gateway: {port: \(9_000 + number)}\n"))
      await appliance.pass()
    }
    let history = ReconcileHistory(appliance.paths)
    #expect(try history.newest(3).map(\.commit) == [6, 5, 4].map(Desired.hexadecimal))
    #expect(try history.newest(3).map(\.serial) == [6, 5, 4])
    #expect(try history.newest(0) == [])
    #expect(try history.newest(100).count == 6)
  }

  private func journal(_ steps: [(ReconcileJournal.Step, String)], torn: String = "") throws {
    try DurableFile.removeIfPresent(appliance.paths.journal)
    let journal = ReconcileJournal(path: appliance.paths.journal)
    for (step, address) in steps {
      let address = try #require(ResourceAddress(address))
      let change = Change(
        address: address, kind: address.kind, actions: [.update], reason: .intentional,
        impact: .none, wave: 0, reversible: true, protected: false, blocked: nil, fields: [])
      try journal.append(step, change, nil, serial: 2, at: Date(timeIntervalSince1970: 0))
    }
    if !torn.isEmpty { try DurableFile.append(Array(torn.utf8), to: appliance.paths.journal) }
  }

  private func interrupted() throws -> [String] {
    try ReconcileJournal(path: appliance.paths.journal).interrupted().map(\.text)
  }

  @Test func journalNamesWhatWasBegunAndNotEnded() throws {
    #expect(try interrupted() == [])
    try journal([(.intent, "modes/run/"), (.done, "modes/run/"), (.intent, "component/agent")])
    #expect(try interrupted() == ["component/agent"])
    try journal([(.intent, "modes/run/"), (.done, "modes/run/")])
    #expect(try interrupted() == [])
    try journal([], torn: "{\"address\":\"modes/ru")
    #expect(try interrupted() == [])
  }

  @Test func beginningAgainAfterDoneCountsAsBegun() throws {
    try journal([(.intent, "modes/run/"), (.done, "modes/run/"), (.intent, "modes/run/")])
    #expect(try interrupted() == ["modes/run/"])
  }

  @Test func interruptedApplyIsToldUntilItIsFinished() async throws {
    try journal([(.intent, "component/gateway")])
    let restarted = appliance.restarted()
    try await restarted.recover()
    #expect(await restarted.current.interrupted == ["component/gateway"])
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n"))
    #expect(await restarted.pass(.start).kind == .applied)
    #expect(await restarted.current.interrupted == [])
    #expect(try DurableFile.readIfPresent(appliance.paths.journal, limit: 1 << 20) == nil)
  }

  @Test func interruptedApplyWithNothingLeftToDoIsFinished() async throws {
    try journal([(.intent, "component/gateway")])
    let restarted = appliance.restarted()
    try await restarted.recover()
    _ = await restarted.pass(.start)
    #expect(await restarted.current.interrupted == [])
    #expect(try await appliance.recordMatchesHost())
    #expect(await appliance.pass().kind == .noChange)
  }
}
