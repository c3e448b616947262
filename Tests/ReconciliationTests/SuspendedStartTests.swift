// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Planning
import Testing

@testable import Reconciliation

/// An appliance that starts while nothing may be written serves what it served before.
struct SuspendedStartTests {
  private let appliance: Appliance

  init() async throws {
    appliance = try Appliance()
    #expect(await appliance.pass(.start).kind == .applied)
  }

  private func hold(_ kind: LoopState.Hold.Kind) throws {
    var loop = try appliance.files.loopState()
    loop.hold = LoopState.Hold(kind, reason: "audit", since: appliance.clock.now, until: nil)
    try appliance.files.write(loop)
  }

  /// Restarts with drift and a newer commit waiting.
  private func start() async throws -> (reconciler: Reconciler, outcome: PassOutcome) {
    await appliance.stopComponents()
    await appliance.host.set("configuration/config.json", nil)
    await appliance.host.set("modes/run/", ["mode": "0777"])
    await appliance.host.clearLog()
    let reconciler = appliance.restarted()
    try await reconciler.recover()
    return (reconciler, await reconciler.pass(.start))
  }

  private static let onlyComponents = ["write component/agent", "write component/gateway"]

  @Test(arguments: [LoopState.Hold.Kind.suspended, .safe])
  func startsItsComponentsAndWritesNothingElse(kind: LoopState.Hold.Kind) async throws {
    try hold(kind)
    let record = try appliance.files.appliedState()
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n"))
    let (reconciler, outcome) = try await start()
    #expect(outcome.kind == .held)
    #expect(outcome.error?.code == .suspended)
    #expect(await appliance.host.log.sorted() == Self.onlyComponents)
    #expect(await appliance.host.fields(of: "component/gateway")?["port"] == 18_790)
    #expect(try appliance.files.appliedState() == record)
    #expect(
      await reconciler.current.reported.sorted() == ["configuration/config.json", "modes/run/"])
  }

  @Test func startsThemWithoutASource() async throws {
    try hold(.suspended)
    await appliance.source.fail("no answer")
    #expect(try await start().outcome.kind == .sourceFailed)
    #expect(await appliance.host.log.sorted() == Self.onlyComponents)
  }

  /// Later on it is the supervisor that starts a component again, not a pass.
  @Test func laterPassesWriteNothing() async throws {
    try hold(.suspended)
    let (reconciler, _) = try await start()
    await appliance.stopComponents()
    await appliance.host.clearLog()
    appliance.clock.advance(by: 400)
    #expect(await reconciler.pass(.interval).kind == .held)
    #expect(await appliance.host.log == [])
  }

  /// What was applied while nothing ran is on the disk: the components get the same.
  @Test func componentsGetWhatWasAppliedLast() async throws {
    await appliance.source.give(Desired.commit(2, "gateway: {port: 9000}\n"))
    #expect(await appliance.stopped().pass(.operatorRequest).kind == .applied)
    try hold(.suspended)
    _ = try await start()
    #expect(await appliance.host.fields(of: "component/gateway")?["port"] == 9_000)
  }

  @Test func loopThatIsHeldByReturnsCorrectsDriftAtStart() async throws {
    try hold(.repeatedReturns)
    #expect(try await start().outcome.kind == .held)
    #expect(await appliance.host.fields(of: "configuration/config.json") != nil)
    #expect(await appliance.host.fields(of: "modes/run/")?["mode"] == "0700")
  }

  @Test func hostWhereNothingWasAppliedStaysEmpty() async throws {
    let fresh = try Appliance()
    var loop = LoopState()
    loop.hold = LoopState.Hold(.suspended, reason: "x", since: fresh.clock.now, until: nil)
    try fresh.files.write(loop)
    #expect(await fresh.pass(.start).kind == .held)
    #expect(await fresh.host.log == [])
  }
}
