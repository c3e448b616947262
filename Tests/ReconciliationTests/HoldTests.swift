// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Foundation
import Planning
import Testing

@testable import Reconciliation

/// Suspensions and rollbacks: loud, finite, and read-only where they say so.
struct HoldTests {
  private let appliance: Appliance

  init() throws { appliance = try Appliance() }

  private func until(_ seconds: TimeInterval) -> Date {
    appliance.clock.now.addingTimeInterval(seconds)
  }

  @Test func suspensionWritesNothingAndReportsDrift() async throws {
    await appliance.pass()
    _ = try await appliance.reconciler.suspend(reason: "audit", until: until(3_600))
    await appliance.host.set("configuration/config.json", nil)
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n"))
    await appliance.host.clearLog()
    let outcome = await appliance.pass(.operatorRequest)
    #expect(outcome.kind == .held)
    #expect(outcome.exitCode == 10)
    #expect(outcome.plan?.isEmpty == false, "what waits is planned")
    #expect(await appliance.host.log == [])
    let conditions = await appliance.conditions()
    #expect(conditions.contains { $0.type == .suspended && $0.reason == .suspendedByOperator })
    #expect(conditions.contains { $0.type == .drifted })
    #expect(conditions.first?.status == false)
    #expect(await appliance.reconciler.loopStatus.waiting == Desired.hexadecimal(2))
    // It ends by itself.
    appliance.clock.advance(by: 3_600)
    #expect(await appliance.pass().kind == .applied)
    #expect(await appliance.conditions().contains { $0.type == .suspended } == false)
  }

  @Test func suspensionOutlivesARestartAndEndsWithResume() async throws {
    await appliance.pass()
    _ = try await appliance.reconciler.suspend(reason: "audit", until: until(36_000))
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n"))
    let again = appliance.restarted()
    try await again.recover()
    #expect(await again.pass(.start).error?.code == .suspended)
    _ = try await again.resume(release: nil)
    #expect(await again.pass(.interval).kind == .applied)
    await #expect(throws: ApplianceError.self) { _ = try await again.resume(release: nil) }
  }

  @Test(arguments: [
    (0.0, "x"), (3_456_000.0, "x"), (60.0, ""), (60.0, String(repeating: "x", count: 401)),
  ])
  func suspensionNeedsATimeAndAReason(seconds: TimeInterval, reason: String) async throws {
    await #expect(throws: ApplianceError.self) {
      _ = try await appliance.reconciler.suspend(reason: reason, until: until(seconds))
    }
    #expect(await appliance.pass().kind == .applied)
  }

  @Test func rollbackGoesBackWithoutGitAndStaysThere() async throws {
    await appliance.pass()
    let first = await appliance.host.live
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n"))
    await appliance.pass()
    await appliance.source.fail("git is down")
    let back = await appliance.reconciler.rollback(
      to: nil, reason: "slow", until: until(3_600))
    #expect(back.kind == .applied)
    #expect(await appliance.host.live == first)
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n"))
    #expect(await appliance.pass().error?.code == .pinned)
    await appliance.host.set("configuration/config.json", nil)
    await appliance.pass()
    #expect(await appliance.host.live == first, "drift is corrected to where it went back to")
    #expect(await appliance.conditions().contains { $0.type == .pinned })
    appliance.clock.advance(by: 3_600)
    #expect(await appliance.pass().kind == .applied)
    #expect(await appliance.host.fields(of: "component/gateway")?["port"] == 9_000)
  }

  @Test func rollbackNamesACommit() async throws {
    for number in 1...4 {
      await appliance.source.give(Desired.commit(number, "gateway: {port: \(9_000 + number)}\n"))
      await appliance.pass()
    }
    let commit = Desired.hexadecimal(2)
    let back = await appliance.reconciler.rollback(
      to: String(commit.prefix(40)), reason: "slow", until: until(60))
    #expect(back.kind == .applied)
    #expect(await appliance.host.fields(of: "component/gateway")?["port"] == 9_002)
    let none = await appliance.reconciler.rollback(
      to: "ffffffffff", reason: "slow", until: until(60))
    #expect(none.error?.code == .noBundle)
  }

  @Test func rollbackToWhatHurtsGoesForthAgain() async throws {
    await appliance.pass()
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n"))
    await appliance.pass()
    await appliance.host.sickenWhen { $0["component/gateway"]?["port"] == 18_790 }
    let back = await appliance.reconciler.rollback(to: nil, reason: "slow", until: until(3_600))
    #expect(back.kind == .rolledBack)
    #expect(await appliance.host.fields(of: "component/gateway")?["port"] == 9_000)
    #expect(await appliance.pass().kind == .noChange)
  }

  @Test("an appliance that cannot store is not ready, and says why")
  func storage() async throws {
    await appliance.pass()
    let conditions = await appliance.reconciler.conditions(
      componentsHealthy: true, containment: nil, storageProblem: "no room")
    #expect(conditions.first?.type == .ready && conditions.first?.status == false)
    let degraded = try #require(conditions.first { $0.type == .degraded })
    #expect(degraded.reason == .storageFailed && degraded.message == "no room")
    #expect(await appliance.conditions().first?.status == true)
  }
}
