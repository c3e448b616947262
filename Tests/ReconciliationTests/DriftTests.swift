// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Planning
import Testing

@testable import Reconciliation

/// Changes from outside: put back, told in the history, or only reported.
struct DriftTests {
  private let appliance: Appliance

  init() throws { appliance = try Appliance() }

  @Test func driftIsCorrectedAndTheHistoryNamesIt() async throws {
    await appliance.pass()
    let good = await appliance.host.live
    await appliance.host.set("modes/run/", ["mode": "0777"])
    await appliance.host.set("workspace/AGENTS.md", nil)
    let outcome = await appliance.pass()
    #expect(outcome.kind == .applied)
    #expect(await appliance.host.live == good)
    let newest = try #require(try appliance.history().first)
    #expect(newest.outcome == .applied)
    #expect(newest.commit == Desired.hexadecimal(1))
    #expect(
      newest.items == [
        .init(address: .init(.modes, "run/"), action: .update, reason: .drift),
        .init(address: .init(.workspace, "AGENTS.md"), action: .create, reason: .deletedOutside),
      ])
    #expect(await appliance.reconciler.current.corrected == 2)
    #expect(await appliance.pass().kind == .noChange)
    #expect(try appliance.history().count == 2)
  }

  @Test func changeOnTopOfDriftIsSaidToBeOne() async throws {
    await appliance.pass()
    await appliance.host.set("component/gateway", ["port": 1, "state": "running"])
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n"))
    await appliance.pass()
    let items = try #require(try appliance.history().first).items
    let gateway = items.first { $0.address.text == "component/gateway" }
    #expect(gateway?.reason == .overridesExternal)
    #expect(try await appliance.recordMatchesHost())
  }

  @Test func fieldsOfOthersStayAsTheyAre() async throws {
    await appliance.pass()
    var fields = try #require(await appliance.host.fields(of: "component/gateway"))
    fields["uptime"] = 99
    await appliance.host.set("component/gateway", fields)
    await appliance.host.clearLog()
    #expect(await appliance.pass().kind == .noChange)
    #expect(await appliance.host.log == ["health"])
  }

  @Test func driftThatIsOnlyReportedIsToldAndLeftAlone() async throws {
    await appliance.source.give(Desired.commit(1, "reconcile: {drift: {modes: report}}\n"))
    await appliance.pass()
    await appliance.host.set("modes/run/", ["mode": "0777"])
    let before = try appliance.fingerprint()
    for _ in 1...3 { #expect(await appliance.pass().kind == .noChange) }
    #expect(await appliance.host.fields(of: "modes/run/") == ["mode": "0777"])
    #expect(try appliance.fingerprint() == before)
    let drifted = try #require(await appliance.conditions().first { $0.type == .drifted })
    #expect(drifted.status)
    #expect(drifted.reason == .driftReported)
    #expect(drifted.message == "modes/run/")
  }

  @Test func reportedDriftThatIsGoneIsNoLongerToldOf() async throws {
    await appliance.source.give(Desired.commit(1, "reconcile: {drift: {default: report}}\n"))
    await appliance.pass()
    await appliance.host.set("modes/run/", ["mode": "0777"])
    await appliance.pass()
    await appliance.host.set("modes/run/", ["mode": "0700"])
    await appliance.pass()
    #expect(await appliance.conditions().map(\.type) == [.ready, .sourceUnverified])
  }

  @Test func reportedDriftIsToldWhileTheSourceIsAway() async throws {
    await appliance.source.give(Desired.commit(1, "reconcile: {drift: {modes: report}}\n"))
    await appliance.pass()
    await appliance.source.fail("no answer")
    await appliance.host.set("modes/run/", ["mode": "0777"])
    await appliance.pass()
    let conditions = await appliance.conditions().map(\.type)
    #expect(conditions.contains(.drifted))
    #expect(conditions.contains(.stale))
  }

  /// R8: what cannot be read is neither written nor removed, and says so.
  @Test func failedReadIsNotAbsence() async throws {
    await appliance.pass()
    let good = await appliance.host.live
    for address in good.keys { await appliance.host.makeUnreadable(address.text, "EIO") }
    await appliance.host.clearLog()
    await appliance.source.give(Desired.commit(1, "gateway: {port: 9000}\n", workspace: [:]))
    let outcome = await appliance.pass()
    #expect(outcome.kind == .held)
    #expect(outcome.plan?.blocked.count == good.count)
    #expect(await appliance.host.live == good)
    #expect(await appliance.host.log == ["health"])
    let before = try appliance.fingerprint()
    await appliance.pass()
    #expect(try appliance.fingerprint() == before)
    let degraded = try #require(await appliance.conditions().first { $0.type == .degraded })
    #expect(degraded.reason == .observationFailed)
    for address in good.keys { await appliance.host.makeUnreadable(address.text, nil) }
    #expect(await appliance.pass().kind == .applied)
    #expect(await appliance.conditions().first { $0.type == .degraded } == nil)
  }

  /// While a part cannot be read, nothing new is applied, not even the rest of it.
  @Test func unreadableResourceHoldsUpWhatIsNew() async throws {
    await appliance.host.makeUnreadable("workspace/AGENTS.md", "EACCES")
    #expect(await appliance.pass().kind == .held)
    #expect(await appliance.host.live == [:])
    await appliance.host.makeUnreadable("workspace/AGENTS.md", nil)
    #expect(await appliance.pass().kind == .applied)
    #expect(try await appliance.recordMatchesHost())
  }

  /// What was applied is kept up as far as it can be read.
  @Test func unreadableResourceHoldsUpNoDriftOfOthers() async throws {
    await appliance.pass()
    await appliance.host.makeUnreadable("workspace/AGENTS.md", "EACCES")
    await appliance.host.set("configuration/config.json", nil)
    #expect(await appliance.pass().kind == .applied)
    #expect(await appliance.host.fields(of: "configuration/config.json") != nil)
  }

  /// Components that are down before the first pass were not started yet; later it is drift.
  @Test func componentThatIsDownIsDriftOnlyAfterTheFirstPass() async throws {
    await appliance.pass()
    let restarted = appliance.restarted()
    await appliance.host.set("component/agent", nil)
    let started = try #require(await restarted.pass(.start).plan)
    #expect(started.drift == [])
    let again = appliance.restarted()
    #expect(await again.pass(.start).kind == .noChange)
    await appliance.host.set("component/agent", nil)
    let corrected = try #require(await again.pass(.interval).plan)
    #expect(corrected.changes.map(\.reason) == [.deletedOutside])
  }

  @Test func restartedComponentIsNotedInTheHistory() async throws {
    await appliance.pass()
    try await appliance.reconciler.recordRestart(of: .gateway, because: "was ended by signal 9")
    let newest = try #require(try appliance.history().first)
    #expect(newest.trigger == .componentChange)
    #expect(newest.summary == "component/gateway was ended by signal 9; started again")
    #expect(newest.items.map(\.address.text) == ["component/gateway"])
    #expect(await appliance.reconciler.current.corrected == 1)
  }
}
