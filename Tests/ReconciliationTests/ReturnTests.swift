// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Foundation
import Planning
import Synchronization
import Testing

@testable import Reconciliation

/// A change that hurts is taken back, told, and not tried again.
struct ReturnTests {
  private let appliance: Appliance
  private static let sick = ApplianceError(.init("test.sick"), "gateway is sick")

  init() throws { appliance = try Appliance() }

  /// Makes the gateway sick whenever it gets this port.
  private func sickenOn(port: Int64) async {
    let host = appliance.host
    await host.sickenWhen { $0["component/gateway"]?["port"] == .integer(port) }
  }

  private func bad(_ number: Int, _ more: String = "") -> SourceReply {
    Desired.commit(number, "gateway: {port: 9000}\n" + more)
  }

  @Test func unhealthyChangeIsTakenBackAndTold() async throws {
    await appliance.pass()
    let good = await appliance.host.live
    await sickenOn(port: 9_000)
    await appliance.source.give(bad(2))
    let outcome = await appliance.pass()
    #expect(outcome.kind == .rolledBack)
    #expect(outcome.exitCode == 8)
    #expect(outcome.error?.message.contains("gateway is sick") == true)
    #expect(await appliance.host.live == good)
    #expect(try await appliance.recordMatchesHost())
    let newest = try #require(try appliance.history().first)
    #expect(newest.outcome == .rolledBack)
    #expect(newest.commit == Desired.hexadecimal(2))
    #expect(await appliance.conditions().contains { $0.type == .rolledBack })
    #expect(await appliance.conditions().first { $0.type == .ready }?.status == false)
  }

  /// Whatever operation a change fails at, and whatever its return could still do: all of it stays
  /// ours.
  @Test(arguments: 1...8)
  func returnThatFailsLosesNothingItMade(operation: Int) async throws {
    let files = ["AGENTS.md": "one", "SOUL.md": "one", "bin/run": "one"]
    await appliance.source.give(
      Desired.commit(2, "channels: {web: {type: web, allow: [alice]}}\n", workspace: files))
    await appliance.pass()
    await appliance.source.give(bad(3))
    await appliance.host.fail([operation])
    await appliance.pass()
    await appliance.host.fail([])
    await appliance.host.makeUnhealthy(Self.sick)
    await appliance.pass()
    await appliance.pass()
    await appliance.host.makeUnhealthy(nil)
    if try appliance.files.loopState().hold != nil {
      _ = try await appliance.reconciler.resume(release: nil)
    }
    await appliance.source.give(Desired.commit(9, "gateway: {port: 9100}\n"))
    for _ in 1...3 { await appliance.pass() }
    #expect(try await appliance.recordMatchesHost())
  }

  @Test func sameDesiredStateUnderAnotherCommitIsNotTried() async throws {
    await appliance.pass()
    await sickenOn(port: 9_000)
    await appliance.source.give(bad(2))
    await appliance.pass()
    await appliance.host.sickenWhen { _ in false }
    for number in 3...5 {
      await appliance.source.give(bad(number))
      let held = await appliance.pass(.operatorRequest)
      #expect(held.kind == .held)
      #expect(held.error?.code == .quarantined)
    }
    #expect(await appliance.host.fields(of: "component/gateway")?["port"] == 18_790)
    #expect(await appliance.conditions().contains { $0.type == .quarantined })
    // A restart changes nothing about it.
    #expect(await appliance.restarted().pass(.start).error?.code == .quarantined)
    // A different one is taken.
    await appliance.source.give(Desired.commit(6, "gateway: {port: 9001}\n"))
    #expect(await appliance.pass().kind == .applied)
  }

  @Test func operatorCanReleaseAQuarantinedState() async throws {
    await appliance.pass()
    await sickenOn(port: 9_000)
    await appliance.source.give(bad(2))
    await appliance.pass()
    await appliance.host.sickenWhen { _ in false }
    await #expect(throws: ApplianceError.self) {
      _ = try await appliance.reconciler.resume(release: "ffffffff")
    }
    let commit = Desired.hexadecimal(2)
    _ = try await appliance.reconciler.resume(release: commit)
    #expect(await appliance.pass().kind == .applied)
  }

  @Test func driftIsStillCorrectedAfterAReturn() async throws {
    await appliance.pass()
    await sickenOn(port: 9_000)
    await appliance.source.give(bad(2))
    await appliance.pass()
    await appliance.host.set("configuration/config.json", nil)
    await appliance.source.fail("git is down")
    await appliance.pass()
    #expect(await appliance.host.fields(of: "configuration/config.json") != nil)
    #expect(try await appliance.recordMatchesHost())
  }

  @Test func nothingIsRemovedBeforeTheReplacementIsHealthy() async throws {
    await appliance.source.give(Desired.commit(1, "channels: {old: {type: web, allow: [a]}}\n"))
    await appliance.pass()
    await sickenOn(port: 9_000)
    await appliance.host.clearLog()
    await appliance.source.give(bad(2, "channels: {new: {type: web, allow: [a]}}\n"))
    #expect(await appliance.pass().kind == .rolledBack)
    #expect(await appliance.host.log.contains("delete senders/old") == false)
    #expect(await appliance.host.log.contains("delete senders/new"))
    #expect(await appliance.host.fields(of: "senders/old") != nil)
  }

  @Test func returnThatFailsStopsAllWriting() async throws {
    await appliance.pass()
    await appliance.source.give(bad(2))
    let isBroken = Mutex(false)
    await appliance.host.sickenWhen { live in
      isBroken.withLock { broken in
        broken = broken || live["component/gateway"]?["port"] == 9_000
        return broken
      }
    }
    let outcome = await appliance.pass()
    #expect(outcome.kind == .rollbackFailed)
    #expect(outcome.exitCode == 9)
    await appliance.host.sickenWhen { _ in false }
    await appliance.host.set("configuration/config.json", nil)
    await appliance.source.give(Desired.commit(3, "gateway: {port: 9001}\n"))
    await appliance.host.clearLog()
    let held = await appliance.pass(.operatorRequest)
    #expect(held.error?.code == .suspended)
    #expect(await appliance.host.log.contains { $0.hasPrefix("write") } == false)
    #expect(await appliance.conditions().contains { $0.reason == .safeHold })
    _ = try await appliance.reconciler.resume(release: nil)
    #expect(await appliance.pass().kind == .applied)
    #expect(try await appliance.recordMatchesHost())
  }

  @Test func repeatedReturnsHoldTheLoopButNotTheDrift() async throws {
    await appliance.pass()
    await appliance.host.sickenWhen { live in
      live["component/gateway"]?["port"] != 18_790
    }
    for number in 2...3 {
      await appliance.source.give(Desired.commit(number, "gateway: {port: \(9_000 + number)}\n"))
      #expect(await appliance.pass().kind == .rolledBack)
    }
    await appliance.source.give(Desired.commit(4, "senders: {owners: [olga]}\n"))
    let held = await appliance.pass()
    #expect(held.kind == .held)
    #expect(held.error?.code == .suspended)
    #expect(await appliance.conditions().contains { $0.reason == .repeatedReturns })
    await appliance.host.set("configuration/config.json", nil)
    await appliance.pass()
    #expect(await appliance.host.fields(of: "configuration/config.json") != nil)
    _ = try await appliance.reconciler.resume(release: nil)
    #expect(await appliance.pass().kind == .applied)
  }

  @Test func whatWasUnhealthyBeforeIsNotTheChangesFault() async throws {
    await appliance.pass()
    await appliance.host.makeUnhealthy(Self.sick)
    await appliance.source.give(Desired.commit(2, "senders: {owners: [olga]}\n"))
    #expect(await appliance.pass().kind == .applied)
  }

  /// The bad state is known as such before anything is taken back: a crash in between does not try
  /// it again.
  @Test func crashDuringTheReturnEndsInTheLastGoodState() async throws {
    await appliance.pass()
    let good = await appliance.host.live
    await appliance.source.give(bad(2))
    await sickenOn(port: 9_000)
    // The first applications are the change's; all later ones fail as if the program had ended.
    await appliance.host.fail(Set(3...100), with: .init("io.failed"))
    _ = await appliance.pass()
    await appliance.host.fail([])
    await appliance.source.fail("git is down")
    let again = appliance.restarted()
    try await again.recover()
    _ = await again.pass(.start)
    #expect(await appliance.host.live == good)
    #expect(try await appliance.recordMatchesHost())
  }

  @Test func resourceWhoseWriteFailedAfterItsEffectIsStillOurs() async throws {
    await appliance.pass()
    let good = await appliance.host.live
    await appliance.source.give(
      Desired.commit(2, workspace: ["AGENTS.md": "Be brief.\n", "docs/GUIDE.md": "Read.\n"]))
    await appliance.host.fail([1], with: .init("io.failed"), afterEffect: true)
    #expect(await appliance.pass().kind == .failed)
    await appliance.source.give(Desired.commit(3))
    await appliance.pass()
    #expect(await appliance.host.live == good)
    #expect(try await appliance.recordMatchesHost())
  }
}
