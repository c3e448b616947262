// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// How a decision came about, field by field, in the order in which they were asked.
public struct AccessExplanation: Sendable, Codable, Equatable {
  public struct Step: Sendable, Codable, Equatable {
    /// As in `AccessDecision.rule`.
    public let field: String
    /// What the field says about this question; for people.
    public let says: String
    /// Whether the decision is this field's. Only the last step's is.
    public let decided: Bool

    public init(field: String, says: String, decided: Bool) {
      (self.field, self.says, self.decided) = (field, says, decided)
    }
  }

  public let steps: [Step]
  public let decision: AccessDecision

  public init(steps: [Step], decision: AccessDecision) {
    (self.steps, self.decision) = (steps, decision)
  }
}

extension AccessPolicy {
  /// The same decision as `authorise` gives, or `admit` without a tool, and every field that was
  /// asked on the way. Linear in the number of rules.
  public func explain(
    _ principal: AccessPrincipal, tool: String?, taint: Set<TaintSource>
  ) -> AccessExplanation {
    let decision =
      if let tool {
        authorise(principal, tool: tool, taint: taint)
      } else {
        admit(principal)
      }
    return AccessExplanation(
      steps: walk(principal, tool: tool, taint: taint).steps, decision: decision)
  }

  func walk(
    _ principal: AccessPrincipal, tool: String?, taint: Set<TaintSource>
  ) -> (steps: [AccessExplanation.Step], decision: AccessDecision) {
    var steps = ExplanationSteps()
    let admitted = AdmissionWalk(rules: rules, principal: principal).decision(&steps)
    guard let tool, let tier = admitted.tier else {
      steps.markLast()
      return (steps.all, admitted)
    }
    let walk = ToolWalk(rules: rules, principal: principal, tier: tier, taint: taint)
    let decision = walk.decision(tool, &steps)
    steps.markLast()
    return (steps.all, decision)
  }
}

/// The steps so far.
struct ExplanationSteps {
  private(set) var all: [AccessExplanation.Step] = []

  mutating func add(_ field: String, _ says: String) {
    all.append(AccessExplanation.Step(field: field, says: says, decided: false))
  }

  /// A decision of the field that is named by its last step.
  mutating func decide(_ decision: AccessDecision, _ says: String) -> AccessDecision {
    add(decision.rule, says)
    return decision
  }

  mutating func markLast() {
    guard let last = all.popLast() else { return }
    all.append(AccessExplanation.Step(field: last.field, says: last.says, decided: true))
  }
}
