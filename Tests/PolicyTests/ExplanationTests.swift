// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import Policy

/// The explanation reads the rules as they are written; the decision comes from the index.
struct ExplanationTests {
  @Test("the fields as they are written give the decision of the index, for random rules")
  func walksToTheSameDecision() {
    var access = RandomAccess(random: SplitMix64(seed: SplitMix64.seed(of: "explanations")))
    var reached: Set<AccessDecision.Reason> = []
    for _ in 0..<1_000 {
      let rules = access.rules()
      let policy = AccessPolicy(rules)
      for _ in 0..<20 {
        let principal = access.principal()
        let tool = access.flip(1, in: 5) ? nil : access.tool()
        let taint = access.taint()
        let explanation = policy.explain(principal, tool: tool, taint: taint)
        let walked = policy.walk(principal, tool: tool, taint: taint).decision
        guard walked.isSame(as: explanation.decision) else {
          Issue.record("\(walked) is not \(explanation.decision): \(principal), \(rules)")
          return
        }
        let isLast =
          explanation.steps.last.map {
            $0.decided && $0.field.isSameBytes(as: explanation.decision.rule)
          }
        #expect(isLast == true)
        #expect(explanation.steps.dropLast().allSatisfy { !$0.decided })
        reached.insert(explanation.decision.reason)
      }
    }
    #expect(
      reached == Set(AccessDecision.Reason.allCases).subtracting([.contained, .paired, .skill]))
  }

  @Test("an explanation names each field that was asked")
  func namesFields() {
    let policy = AccessPolicy(DecisionTableTests.rules)
    let explanation = policy.explain(
      DecisionTableTests.from("NIGHT"), tool: "edit_file", taint: [.web])
    #expect(
      explanation.steps.map(\.field) == [
        "senders.deny", "channels.team.deny", "channels.team.dmPolicy", "senders.owners",
        "senders.internal", "tools.deny", "channels.team.tools.deny", "tools.rules.b-night.deny",
      ])
    #expect(explanation.steps.last?.says == "its entry \"group:editing\" covers edit_file")
    #expect(explanation.decision.rule == "tools.rules.b-night.deny")
  }

  @Test("an explanation survives its coding")
  func codes() throws {
    let policy = AccessPolicy(DecisionTableTests.rules)
    let explanation = policy.explain(DecisionTableTests.from("OWNER"), tool: "exec", taint: [])
    let decoded = try ApplianceJSON.decode(
      AccessExplanation.self, from: try ApplianceJSON.encode(explanation))
    #expect(decoded == explanation)
  }
}

extension AccessDecision {
  func isSame(as other: AccessDecision) -> Bool {
    self == other && rule.isSameBytes(as: other.rule)
      && (entry ?? "").isSameBytes(as: other.entry ?? "")
  }
}
