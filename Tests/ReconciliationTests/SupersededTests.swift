// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Foundation
import Planning
import TestSupport
import Testing

@testable import Reconciliation

/// The wait for health ends when something else is wanted.
struct SupersededTests {
  private let appliance: Appliance

  init() throws { appliance = try Appliance() }

  /// A change that would be waited for as long as it takes: its component never gets well, and
  /// never fails either.
  private func startWaiting() async throws -> Task<PassOutcome, Never> {
    await appliance.pass()
    await appliance.host.linger(true)
    await appliance.source.give(
      Desired.commit(
        2, "gateway: {port: 9000}\nreconcile: {health: {timeout: 3650d}}\n"))
    let reconciler = appliance.reconciler
    let waiting = Task { await reconciler.pass(.operatorRequest) }
    let host = appliance.host
    #expect(await eventually { await host.fields(of: "component/gateway")?["port"] == 9_000 })
    return waiting
  }

  @Test(.timeLimit(.minutes(1))) func newerCommitEndsTheWaitAndIsApplied() async throws {
    let waiting = try await startWaiting()
    await appliance.source.give(Desired.commit(3, "gateway: {port: 9001}\n"))
    let newer = Task { await appliance.reconciler.pass(.operatorRequest) }
    let outcome = await waiting.value
    #expect(outcome.kind == .superseded)
    #expect(outcome.exitCode == 6)
    await appliance.host.linger(false)
    #expect(await newer.value.kind == .applied)
    #expect(await appliance.host.fields(of: "component/gateway")?["port"] == 9_001)
    #expect(try await appliance.recordMatchesHost())
    #expect(try appliance.files.loopState().quarantine == [])
  }

  @Test(.timeLimit(.minutes(1))) func suspensionEndsTheWait() async throws {
    let waiting = try await startWaiting()
    _ = try await appliance.reconciler.suspend(
      reason: "audit", until: appliance.clock.now.addingTimeInterval(36_000))
    #expect(await waiting.value.kind == .superseded)
    #expect(await appliance.pass(.operatorRequest).kind == .held)
  }

  @Test(.timeLimit(.minutes(1))) func sameCommitAskedForAgainDoesNotEndIt() async throws {
    let waiting = try await startWaiting()
    let again = Task { await appliance.reconciler.pass(.operatorRequest) }
    let source = appliance.source
    let before = await source.fetches
    #expect(await eventually { await source.fetches > before })
    await appliance.host.linger(false)
    #expect(await waiting.value.kind == .applied)
    #expect(await again.value.kind == .noChange)
  }

  @Test(.timeLimit(.minutes(1))) func noCommitEndsTheWaitOfARollback() async throws {
    let patience = "reconcile: {health: {timeout: 3650d}}\n"
    await appliance.source.give(Desired.commit(1, "gateway: {port: 9000}\n" + patience))
    await appliance.pass()
    await appliance.source.give(Desired.commit(2, patience))
    await appliance.pass()
    await appliance.host.linger(true)
    let (reconciler, host) = (appliance.reconciler, appliance.host)
    let until = appliance.clock.now.addingTimeInterval(3_600)
    let back = Task { await reconciler.rollback(to: nil, reason: "slow", until: until) }
    #expect(await eventually { await host.fields(of: "component/gateway")?["port"] == 9_000 })
    // The one that it goes back from is still the newest, and then another one comes.
    let pass = Task { await reconciler.pass(.operatorRequest) }
    #expect(await eventually { await reconciler.waiters > 0 })
    await appliance.source.give(Desired.commit(3, "gateway: {port: 9001}\n"))
    await appliance.host.linger(false)
    #expect(await back.value.kind == .applied)
    #expect(await pass.value.error?.code == .pinned)
    #expect(await host.fields(of: "component/gateway")?["port"] == 9_000)
  }
}
