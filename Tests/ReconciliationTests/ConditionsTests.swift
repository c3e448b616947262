// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import Planning
import Testing

@testable import Reconciliation

/// What `status` says after each way a pass can end.
struct ConditionsTests {
  private let appliance: Appliance

  init() throws { appliance = try Appliance() }

  /// `Type=status Reason`, without the one that every appliance has for now.
  private func words(componentsHealthy: Bool = true) async -> [String] {
    await appliance.conditions(componentsHealthy: componentsHealthy)
      .filter { $0.type != .sourceUnverified }
      .map { "\($0.type.rawValue)=\($0.status) \($0.reason.rawValue)" }
  }

  @Test func applianceIsNotReadyBeforeItsFirstPass() async {
    #expect(await words() == ["Ready=false NotYetReconciled"])
  }

  @Test func applianceIsReadyAfterAGoodPass() async {
    await appliance.pass()
    #expect(await words() == ["Ready=true Converged"])
    await appliance.pass()
    #expect(await words() == ["Ready=true Converged"])
  }

  @Test(arguments: [
    (Desired.invalid(2), "InvalidDesiredState"), (Desired.pending(2), "InvalidDesiredState"),
    (Desired.denied(2), "GuardrailDenied"),
  ])
  func refusedStateStallsTheAppliance(reply: SourceReply, reason: String) async {
    await appliance.pass()
    await appliance.source.give(reply)
    await appliance.pass()
    #expect(await words() == ["Ready=false \(reason)", "Stalled=true \(reason)"])
  }

  @Test func heldStateIsSaidToBeHeld() async {
    await appliance.pass()
    await appliance.source.give(Desired.held(2))
    await appliance.pass()
    let found = await words()
    #expect(found.prefix(2) == ["Ready=false ChangesHeld", "Held=true ChangesHeld"])
    #expect(!found.contains { $0.hasSuffix("ObservationFailed") }, "nothing was unreadable")
  }

  @Test func failingSourceMakesTheStateStale() async {
    await appliance.pass()
    await appliance.source.fail("no answer")
    await appliance.pass()
    #expect(await words() == ["Ready=false SourceUnavailable", "Stale=true SourceUnavailable"])
    let stale = await appliance.conditions().first { $0.type == .stale }
    #expect(stale?.message == "no answer")
  }

  @Test func failingApplyDegradesTheAppliance() async {
    await appliance.host.fail([1])
    await appliance.pass()
    #expect(await words() == ["Ready=false ApplyFailed", "Degraded=true ApplyFailed"])
  }

  @Test func unhealthyComponentDegradesTheAppliance() async {
    await appliance.pass()
    #expect(
      await words(componentsHealthy: false) == [
        "Ready=false ComponentUnhealthy", "Degraded=true ComponentUnhealthy",
      ])
  }

  @Test func unverifiedSourceIsAlwaysTold() async throws {
    await appliance.pass()
    let found = await appliance.conditions().first { $0.type == .sourceUnverified }
    #expect(found?.status == true)
    #expect(found?.reason == .verificationDisabled)
  }

  @Test func everyConditionStandsThereOnce() async {
    await appliance.host.makeUnreadable("modes/run/", "EIO")
    await appliance.host.fail(Set(1...100))
    await appliance.pass()
    for isHealthy in [true, false] {
      let kinds = await appliance.conditions(componentsHealthy: isHealthy).map(\.type)
      #expect(Set(kinds).count == kinds.count)
      #expect(kinds.first == .ready)
    }
  }

  @Test func recoveryLeavesNothingBehind() async {
    await appliance.pass()
    for reply in [Desired.invalid(2), Desired.denied(3), Desired.held(4)] {
      await appliance.source.give(reply)
      await appliance.pass()
      await appliance.source.give(Desired.commit(5))
      await appliance.pass()
      #expect(await words() == ["Ready=true Converged"])
    }
    await appliance.source.fail("no answer")
    await appliance.pass()
    await appliance.source.give(Desired.commit(5))
    await appliance.pass()
    #expect(await words() == ["Ready=true Converged"])
  }

  @Test func conditionKeepsItsTimeWhileItHolds() {
    var report = ReconcileReport()
    let times = (0..<5).map { Date(timeIntervalSince1970: Double($0)) }
    func since(_ kind: Condition.Kind, at time: Date) -> Date? {
      report.conditions(componentsHealthy: true, loop: LoopState(), at: time)
        .first { $0.type == kind }?.lastTransition
    }
    _ = report.accept(PassOutcome(.noChange), at: times[0])
    #expect(since(.ready, at: times[0]) == times[0])
    #expect(since(.ready, at: times[1]) == times[0])
    _ = report.accept(PassOutcome(.sourceFailed), at: times[2])
    #expect(since(.stale, at: times[2]) == times[2])
    #expect(since(.ready, at: times[2]) == times[2], "it became false")
    _ = report.accept(PassOutcome(.noChange), at: times[3])
    #expect(since(.stale, at: times[3]) == nil)
    #expect(since(.ready, at: times[4]) == times[3], "it became true again")
    #expect(since(.sourceUnverified, at: times[4]) == times[0])
  }

  @Test func messagesAreShort() async {
    await appliance.source.fail(String(repeating: "é", count: 10_000))
    await appliance.pass()
    for condition in await appliance.conditions() {
      #expect(condition.message.utf8.count <= 512)
    }
  }
}
