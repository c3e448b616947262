// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Reconciliation

/// What is applied while nothing runs counts as applied, and as good only once it ran.
struct StoppedApplyTests {
  private let appliance: Appliance

  /// Commit 1 ran and was good; commit 2 was applied since, while nothing ran.
  init() async throws {
    appliance = try Appliance()
    #expect(await appliance.pass(.start).kind == .applied)
    await appliance.stopComponents()
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n"))
    #expect(await appliance.stopped().pass(.operatorRequest).kind == .applied)
    await appliance.stopComponents()
  }

  private func sicken() async {
    await appliance.host.sickenWhen { $0["component/gateway"]?["port"] == 9_000 }
  }

  private func start() async throws -> PassOutcome {
    let reconciler = appliance.restarted()
    try await reconciler.recover()
    return await reconciler.pass(.start)
  }

  private func port() async -> JSONValue? {
    await appliance.host.fields(of: "component/gateway")?["port"]
  }

  @Test func stoppedApplyIsAppliedAndNotGood() throws {
    #expect(try appliance.files.appliedState().revisions.applied == Desired.hexadecimal(2))
    #expect(try appliance.bundles.current()?.revision == Desired.revision(2))
    #expect(try appliance.files.loopState().lastGood?.commit == Desired.hexadecimal(1))
  }

  @Test func stoppedApplyWaitsForNobodysHealth() {
    #expect(appliance.clock.waits == 0)
  }

  @Test func startThatFindsItHealthyMakesItGood() async throws {
    #expect(try await start().kind == .applied)
    #expect(appliance.clock.waits == 2, "between three looks")
    #expect(try appliance.files.loopState().lastGood?.commit == Desired.hexadecimal(2))
    #expect(await port() == 9_000)
  }

  @Test func startThatFindsItSickGoesBackToTheStateBefore() async throws {
    await sicken()
    let outcome = try await start()
    #expect(outcome.kind == .rolledBack)
    #expect(await port() == 18_790)
    #expect(try appliance.files.appliedState().revisions.applied == Desired.hexadecimal(1))
    #expect(try appliance.files.loopState().lastGood?.commit == Desired.hexadecimal(1))
    #expect(try await start().error?.code == .quarantined, "it is not tried again")
    #expect(await port() == 18_790)
  }

  @Test func secondStoppedApplyStillHasTheGoodOneToGoBackTo() async throws {
    await appliance.source.give(
      Desired.commit(3, "gateway: {port: 9000}\nsenders: {owners: [olga]}\n"))
    #expect(await appliance.stopped().pass(.operatorRequest).kind == .applied)
    await appliance.stopComponents()
    await sicken()
    #expect(try await start().kind == .rolledBack)
    #expect(try appliance.files.appliedState().revisions.applied == Desired.hexadecimal(1))
  }

  @Test func startWithoutASourceKeepsWhatWasAppliedLast() async throws {
    await appliance.source.fail("no answer")
    #expect(try await start().kind == .sourceFailed)
    #expect(await port() == 9_000)
    #expect(try appliance.files.loopState().lastGood?.commit == Desired.hexadecimal(2))
  }

  @Test func startWithoutASourceGoesBackFromWhatIsSick() async throws {
    await appliance.source.fail("no answer")
    await sicken()
    #expect(try await start().kind == .rolledBack)
    #expect(await port() == 18_790)
    #expect(try appliance.history().first?.outcome == .rolledBack)
    #expect(try await start().kind == .sourceFailed)
    #expect(await port() == 18_790)
  }
}
