// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Planning
import TestSupport
import Testing

@testable import Reconciliation

/// R4: from any reachable state, when the desired state stands still and faults cease, the host
/// becomes what is desired within three passes and stays so without a write.
struct ConvergencePropertyTests {
  /// `KAFCLAW_PROPERTY_CASES` asks for more.
  private static let rounds =
    ProcessInfo.processInfo.environment["KAFCLAW_PROPERTY_CASES"].flatMap(Int.init) ?? 100
  private static let steps = 12

  /// Random lives of an appliance.
  struct Fate {
    var random: SplitMix64
    var commits = 1

    mutating func chance(_ percent: Int) -> Bool {
      Int.random(in: 0..<100, using: &random) < percent
    }

    mutating func commit() -> SourceReply {
      commits += 1
      var text = ""
      if chance(50) {
        text += "gateway: {port: \(Int.random(in: 9_000...9_003, using: &random))}\n"
      }
      if chance(50) {
        let allow = chance(50) ? "alice" : "bob"
        text += "channels: {web: {type: web, allow: [\(allow)]}}\n"
      }
      if chance(30) { text += "reconcile: {drift: {default: report}}\n" }
      var files: [String: String] = [:]
      for name in ["AGENTS.md", "SOUL.md", "bin/run"] where chance(60) {
        files[name] = chance(50) ? "one" : "two"
      }
      return Desired.commit(commits, text, workspace: files)
    }

    /// Somebody changes something that is ours.
    mutating func drift(_ live: [ResourceAddress: ResourceFields]) -> (String, ResourceFields?)? {
      guard let victim = live.keys.sorted().randomElement(using: &random) else { return nil }
      return (victim.text, chance(50) ? nil : ["digest": "theirs", "mode": "0666"])
    }
  }

  private func live(_ appliance: Appliance, _ fate: inout Fate) async throws {
    for _ in 0..<Int.random(in: 1...Self.steps, using: &fate.random) {
      if fate.chance(40) { await appliance.source.give(fate.commit()) }
      if fate.chance(10) { await appliance.source.give(Desired.invalid(fate.commits)) }
      if fate.chance(10) { await appliance.source.give(Desired.denied(fate.commits)) }
      if fate.chance(10) { await appliance.source.fail("no answer") }
      if fate.chance(30), let (address, fields) = fate.drift(await appliance.host.live) {
        await appliance.host.set(address, fields)
      }
      let isFailing = fate.chance(40)
      await appliance.host.fail(isFailing ? [Int.random(in: 1...6, using: &fate.random)] : [])
      let isSick = fate.chance(10)
      await appliance.host.makeUnhealthy(
        isSick ? ApplianceError(.init("test.sick"), "gateway is sick") : nil)
      if fate.chance(5) {
        _ = await appliance.reconciler.rollback(
          to: nil, reason: "test", until: appliance.clock.now.addingTimeInterval(1_000))
      }
      await appliance.pass()
    }
    await appliance.host.fail([])
    await appliance.host.makeUnhealthy(nil)
    // Holds are an operator's to end.
    var loop = try appliance.files.loopState()
    loop.expire(at: appliance.clock.now)
    if loop.hold != nil || loop.pin != nil {
      _ = try await appliance.reconciler.resume(release: nil)
    }
  }

  @Test
  func everyLifeEndsInTheDesiredState() async throws {
    let seed = SplitMix64.seed(of: "lives of an appliance")
    var fate = Fate(random: SplitMix64(seed: seed))
    for round in 1...Self.rounds {
      let appliance = try Appliance()
      try await live(appliance, &fate)
      await appliance.source.give(
        Desired.commit(9_999, "gateway: {port: 9100}\nreconcile: {drift: {default: correct}}\n"))
      var kinds: [PassOutcome.Kind] = []
      for _ in 1...3 { kinds.append(await appliance.pass().kind) }
      #expect(kinds.last == .noChange, "seed \(seed), round \(round): \(kinds)")
      #expect(try await appliance.recordMatchesHost(), "seed \(seed), round \(round)")
      let before = try appliance.fingerprint()
      await appliance.host.clearLog()
      let outcome = await appliance.pass()
      #expect(outcome.plan?.changes == [], "seed \(seed), round \(round)")
      #expect(try appliance.fingerprint() == before, "seed \(seed), round \(round)")
      #expect(await appliance.host.log == ["health"], "seed \(seed), round \(round)")
    }
  }
}
