// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Planning
import Policy
import TestSupport
import Testing

@testable import Daemon
@testable import DesiredState
@testable import Reconciliation

/// What `validate` reads, what a plan shows and what a tool call is answered are one set of rules.
struct SameRulesTests {
  /// Desired states; `KAFCLAW_PROPERTY_CASES` asks for another number.
  private static let cases =
    ProcessInfo.processInfo.environment["KAFCLAW_PROPERTY_CASES"].flatMap(Int.init) ?? 60

  @Test("validate, plan, admission and tool calls give the same answers")
  func sameAnswers() async throws {
    let seed = SplitMix64.seed(of: "same rules")
    var source = RandomSpec(random: SplitMix64(seed: seed))
    try await withBench(.running("/usr/bin/cat")) { bench in
      try await bench.permitExec()
      var rules = SameRulesBench(bench)
      var verdicts: [AccessDecision.Verdict: Int] = [:]
      try await bench.store.setChannel("team", nil)
      for number in 0..<Self.cases {
        let place = "seed \(seed), spec \(number)"
        let state = try SameRulesBench.validated(source.spec())
        for (wanted, found) in try await rules.apply(state) {
          #expect(found == .present(wanted), "\(place)")
        }
        let declared = AccessRules(state.spec)
        let stored = try await bench.store.accessRules()
        #expect(ReachDifference.between(declared, stored) == [], "\(place)")
        expectSame(AccessPolicy(declared), AccessPolicy(stored), &source, place)
        try await expectSameAdmission(AccessPolicy(declared), bench, &source, place)
        for _ in 0..<3 {
          let verdict = try await expectSameVerdict(
            AccessPolicy(declared), &rules, &source, place)
          verdicts[verdict, default: 0] += 1
        }
      }
      print("same rules: \(verdicts)")
      guard Self.cases >= 60 else { return }
      #expect(verdicts.count == 3, "seed \(seed): \(verdicts)")
    }
  }

  /// Of rules and of the rows that were made of them.
  private func expectSame(
    _ declared: AccessPolicy, _ stored: AccessPolicy, _ source: inout RandomSpec, _ place: String
  ) {
    for _ in 0..<30 {
      let (principal, tool, taint) = (source.principal(), source.tool(), source.taint())
      #expect(declared.admit(principal) == stored.admit(principal), "\(place): \(principal)")
      #expect(
        declared.authorise(principal, tool: tool, taint: taint)
          == stored.authorise(principal, tool: tool, taint: taint), "\(place): \(principal) \(tool)"
      )
    }
    for tool in ToolName.known.sorted() {
      #expect(declared.whoCan(tool) == stored.whoCan(tool), "\(place): \(tool)")
    }
  }

  private func expectSameAdmission(
    _ declared: AccessPolicy, _ bench: AccessBench, _ source: inout RandomSpec, _ place: String
  ) async throws {
    let principal = source.principal()
    var room = InboundMessage.Place()
    if case .room(let isMention) = principal.conversation {
      (room.room, room.isMention) = ("R", isMention)
    }
    let message = InboundMessage(
      channel: principal.channel, client: principal.client, sender: principal.sender,
      session: "", text: "hello", idempotencyKey: place, place: room)
    let decision = declared.admit(principal)
    guard case .stored(let status, _) = try await bench.access.admit(message) else {
      #expect(decision.verdict == .denied, "\(place): \(principal)")
      return
    }
    #expect(decision.verdict == .permitted, "\(place): \(principal)")
    let work = try await bench.lease("w")
    #expect(work.id == status.id && work.senderTier == decision.tier, "\(place): \(principal)")
    let tools = try await bench.access.authority.grantedTools(work)
    // Without a skill there is no tool for one.
    let granted = declared.grantedTools(principal, taint: work.taint).filter {
      !ToolName.ofSkills.contains($0)
    }
    #expect(tools == granted, "\(place): \(principal)")
    try await bench.access.finish(status.id, reply: "done", usage: TokenUsage(), worker: "w")
  }

  private func expectSameVerdict(
    _ declared: AccessPolicy, _ rules: inout SameRulesBench, _ source: inout RandomSpec,
    _ place: String
  ) async throws -> AccessDecision.Verdict {
    var principal = source.principal()
    // Most questions should reach the tools.
    for _ in 0..<5 where declared.grantedTools(principal, taint: []).isEmpty {
      principal = source.principal()
    }
    var (tool, taint) = (source.tool(), source.taint())
    while ToolName.ofSkills.contains(tool) { (tool, taint) = (source.tool(), source.taint()) }
    let verdict = try await rules.verdict(principal, tool, taint)
    let decision = declared.authorise(principal, tool: tool, taint: taint)
    #expect(verdict == decision.verdict, "\(place): \(principal) \(tool) \(taint) \(decision)")
    return verdict
  }
}
