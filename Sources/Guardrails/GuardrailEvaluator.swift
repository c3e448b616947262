// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import DesiredState

/// The verdict of one rule on one desired state.
public struct GuardrailFinding: Sendable, Codable, Hashable {
  public enum Result: String, Sendable, Codable {
    case pass
    case warn
    case deny
  }

  public let id: String
  public let pack: String
  public let result: Result
  public let runbook: String
  /// What the rule wants.
  public let message: String
  public let remedy: String
  /// The field that broke the rule; empty for a pass.
  public let path: String
}

/// Evaluates guardrail packs over the effective desired state. Pure.
public struct GuardrailEvaluator: Sendable {
  private let packs: [GuardrailPack]

  /// - Throws: `guardrail.unknown` when no pack has one of the `names`.
  public init(packs names: [String]) throws {
    packs = try names.map(BuiltInPacks.pack(named:))
  }

  package init(_ packs: [GuardrailPack]) {
    self.packs = packs
  }

  /// One finding for every rule, and one for every instance that breaks it; in the packs' order.
  public func evaluate(_ effective: JSONValue) -> [GuardrailFinding] {
    packs.flatMap { pack in
      pack.rules.flatMap { findings(of: $0, pack: pack.pack, in: effective) }
    }
  }

  private func findings(
    of rule: GuardrailRule, pack: String, in effective: JSONValue
  ) -> [GuardrailFinding] {
    let violations = instances(of: rule, in: effective).compactMap { name in
      violation(of: rule, instance: name, in: effective)
    }
    func finding(_ result: GuardrailFinding.Result, _ path: String) -> GuardrailFinding {
      GuardrailFinding(
        id: rule.id, pack: pack, result: result, runbook: rule.runbook, message: rule.title,
        remedy: rule.remedy, path: path)
    }
    guard !violations.isEmpty else { return [finding(.pass, "")] }
    return violations.map { finding(rule.severity == .deny ? .deny : .warn, $0) }
  }

  /// The names a rule's `*` stands for; one empty name for a rule without.
  private func instances(of rule: GuardrailRule, in effective: JSONValue) -> [String] {
    let conditions = rule.when + rule.require
    guard let condition = conditions.first(where: { $0.star != nil }), let star = condition.star
    else { return [""] }
    let parent = String(condition.path[..<star.lowerBound])
    return GuardrailCondition.value(at: parent, in: effective)?.objectValue?.keys.sorted() ?? []
  }

  /// The path that broke the rule, or `nil` when it holds or does not apply.
  private func violation(
    of rule: GuardrailRule, instance: String, in effective: JSONValue
  ) -> String? {
    let bind = { (condition: GuardrailCondition) in condition.bound(to: instance) }
    guard rule.when.map(bind).allSatisfy({ $0.holds(in: effective) }) else { return nil }
    return rule.require.map(bind).first { !$0.holds(in: effective) }?.path
  }
}
