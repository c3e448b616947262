// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Reconciliation

/// A component that ends while a change is waited for counts against the change, however healthy
/// the next process of it is.
struct RestartedComponentTests {
  private let appliance: Appliance

  init() async throws {
    appliance = try Appliance()
    #expect(await appliance.pass(.start).kind == .applied)
    await appliance.host.clearLog()
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n"))
  }

  private func looks() async -> Int { await appliance.host.log.filter { $0 == "health" }.count }

  @Test func changeIsGoodAfterThreeLooksAtTheSameProcesses() async {
    #expect(await appliance.pass().kind == .applied)
    #expect(await looks() == 1 + 3, "one before the change")
  }

  /// The first look at the processes is what later ones are compared with.
  @Test func oneRestartStartsTheCountAgain() async {
    await appliance.host.endAgent { look, _ in look == 3 }
    #expect(await appliance.pass().kind == .applied)
    #expect(await looks() == 1 + 2 + 3)
  }

  @Test func restartBeforeTheFirstLookCountsToo() async {
    await appliance.host.endAgent { look, _ in look == 2 }
    #expect(await appliance.pass().kind == .applied)
    #expect(await looks() == 1 + 1 + 3)
  }

  @Test func componentThatEndsAgainAndAgainTakesTheChangeBack() async throws {
    await appliance.host.endAgent { _, live in live["component/gateway"]?["port"] == 9_000 }
    let outcome = await appliance.pass()
    #expect(outcome.kind == .rolledBack)
    #expect(outcome.error?.message.contains("agent ended and was started again") == true)
    #expect(await appliance.host.fields(of: "component/gateway")?["port"] == 18_790)
    #expect(try appliance.files.loopState().quarantine.map(\.commit) == [Desired.hexadecimal(2)])
  }

  @Test func restartOutsideOfTheWaitIsNotTheChangesFault() async {
    await appliance.host.endAgent { look, _ in look == 1 }
    #expect(await appliance.pass().kind == .applied)
    #expect(await looks() == 1 + 3)
  }
}
