// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Planning
import Testing

@testable import Reconciliation

/// A source that does not answer, and plans that are only asked for.
struct SourceFailureTests {
  private let appliance: Appliance

  init() throws { appliance = try Appliance() }

  @Test func lastAppliedStateIsKeptUpWithoutASource() async throws {
    await appliance.pass()
    let good = await appliance.host.live
    await appliance.source.fail("no answer")
    await appliance.host.set("configuration/config.json", ["digest": "x", "mode": "0666"])
    let outcome = await appliance.pass()
    #expect(outcome.kind == .sourceFailed)
    #expect(outcome.error?.message == "no answer")
    #expect(await appliance.host.live == good)
    #expect(try appliance.history().map(\.outcome) == [.sourceFailed, .applied, .applied])
    #expect(try appliance.history().first?.commit == Desired.hexadecimal(1))
  }

  @Test func restartWithoutASourceKeepsTheLastAppliedStateUp() async throws {
    await appliance.pass()
    let good = await appliance.host.live
    await appliance.source.fail("no answer")
    await appliance.host.set("component/agent", nil)
    #expect(await appliance.restarted().pass(.start).kind == .sourceFailed)
    #expect(await appliance.host.live == good)
  }

  @Test func newHostWithoutASourceStaysEmpty() async throws {
    await appliance.source.fail("no answer")
    #expect(await appliance.pass(.start).kind == .sourceFailed)
    #expect(await appliance.host.live == [:])
    #expect(await appliance.host.log == [])
  }

  @Test func repeatedFailureIsToldOnce() async throws {
    await appliance.pass()
    await appliance.source.fail("no answer")
    await appliance.pass()
    let before = try appliance.fingerprint()
    for _ in 1...10 { await appliance.pass() }
    #expect(try appliance.fingerprint() == before)
    await appliance.source.fail("another answer")
    await appliance.pass()
    #expect(try appliance.history().map(\.outcome) == [.sourceFailed, .sourceFailed, .applied])
  }

  @Test func sourceThatIsBackIsFollowedAgain() async throws {
    await appliance.pass()
    await appliance.source.fail("no answer")
    await appliance.pass()
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n"))
    #expect(await appliance.pass().kind == .applied)
    #expect(await appliance.host.fields(of: "component/gateway")?["port"] == 9_000)
  }

  @Test func correctionThatFailsIsTheOutcome() async throws {
    await appliance.pass()
    await appliance.source.fail("no answer")
    await appliance.host.set("component/agent", nil)
    await appliance.host.fail([1])
    #expect(await appliance.pass().kind == .failed)
    #expect(await appliance.pass().kind == .sourceFailed)
    #expect(try await appliance.recordMatchesHost())
  }

  @Test func planWritesNothing() async throws {
    await appliance.pass()
    let (before, live) = (try appliance.fingerprint(), await appliance.host.live)
    await appliance.host.clearLog()
    let replies = [
      Desired.commit(2, "gateway: {port: 9000}\n", workspace: [:]), Desired.invalid(2),
      Desired.denied(2), Desired.held(2), Desired.pending(2), Desired.folder("", workspace: [:]),
    ]
    for reply in replies { _ = await appliance.reconciler.plan(reply) }
    _ = await appliance.reconciler.plan(nil)
    await appliance.source.fail("no answer")
    #expect(await appliance.reconciler.plan(nil).kind == .sourceFailed)
    #expect(try appliance.fingerprint() == before)
    #expect(await appliance.host.live == live)
    #expect(await appliance.host.log == [])
    #expect(await appliance.conditions().map(\.type) == [.ready, .sourceUnverified])
  }

  @Test func planSaysWhatAPassWouldDo() async throws {
    await appliance.pass()
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n"))
    let planned = try #require(await appliance.reconciler.plan(nil).plan)
    let done = try #require(await appliance.pass().plan)
    #expect(planned.effectDigest == done.effectDigest)
    #expect(planned.changes == done.changes)
    #expect(planned.source.headCommit == Desired.hexadecimal(2))
    #expect(planned.serial == 1)
  }

  @Test func planWarnsOfUnverifiedCommits() async throws {
    let plan = try #require(await appliance.reconciler.plan(nil).plan)
    #expect(plan.warnings == ["commits are not verified (verify: none)"])
    #expect(plan.source.verification == "none")
  }
}
