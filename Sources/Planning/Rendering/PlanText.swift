// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials

/// A plan for people on a terminal: destructive and blocked first, one line a resource, then its
/// fields.
public enum PlanText {
  public static func render(_ plan: Plan, colour: Bool = false) -> String {
    var lines = [heading(plan)] + base(plan)
    lines += plan.environment.map { value in
      "  from the environment: \(value.path) = \(CanonicalJSON.text(value.value))"
        + " (\(value.variable))"
    }
    lines += plan.warnings.map { "  warning: \($0)" }
    lines = lines.map(VisibleText.escape)
    if !plan.changes.isEmpty { lines.append("") }
    var said = ""
    for change in plan.changes {
      lines += self.lines(of: change, colour: colour, said: &said)
    }
    let reach = PlanReach.lines(of: plan)
    if !reach.isEmpty { lines += ["", "Reach:"] + reach.map { "  " + VisibleText.escape($0) } }
    lines.append("")
    lines += policy(plan).map(VisibleText.escape)
    lines.append(verdict(plan))
    if !plan.changes.isEmpty { lines.append(identity(plan)) }
    lines.append("Effect digest \(plan.effectDigest)")
    return lines.joined(separator: "\n") + "\n"
  }

  /// `Plan: 1 add, 2 change, 0 delete, 0 blocked.`
  public static func verdict(_ plan: Plan) -> String {
    let summary = plan.summary
    guard !plan.isEmpty || summary.blocked > 0 else { return "No changes." }
    let record = summary.adopt + summary.forget
    let recorded = record > 0 ? ", \(record) to record" : ""
    return "Plan: \(summary.create) add, \(summary.update) change, \(summary.delete) delete, "
      + "\(summary.blocked) blocked\(recorded)."
  }

  private static func heading(_ plan: Plan) -> String {
    let revision = plan.source.headCommit.map { " at \($0.prefix(12))" } ?? ""
    let host = plan.host.name.isEmpty ? "this host" : "host \(plan.host.name)"
    return
      "\(title(plan)) for \(host) from \(VisibleText.escape(plan.source.repository))\(revision)"
      + " (verification: \(verification(plan)))"
  }

  static func title(_ plan: Plan) -> String {
    switch plan.mode {
    case .normal: "Plan"
    case .rollback: "Rollback plan"
    case .drift: "Drift plan"
    }
  }

  static func verification(_ plan: Plan) -> String {
    plan.source.verification + (plan.source.verifiedBy.map { ", signed by \($0)" } ?? "")
  }

  private static func base(_ plan: Plan) -> [String] {
    plan.source.baseCommit.map { ["  applied now: \($0.prefix(12))"] } ?? []
  }

  /// `Plan 7f3c19aabbcc, valid until 2027-01-16T08:00:00Z`.
  private static func identity(_ plan: Plan) -> String {
    "\(title(plan)) \(VisibleText.escape(plan.id)), valid until \(plan.notAfter.formatted(.iso8601))"
  }

  /// - Parameter said: Why the change before was blocked: what many deletions share is told once.
  private static func lines(
    of change: Change, colour: Bool, said: inout String
  ) -> [String] {
    let because = change.reason == .intentional ? "" : "  \(change.reason.rawValue)"
    let mark = change.protected && change.reason != .protected ? "  protected" : ""
    let head =
      "  \(symbol(change)) \(VisibleText.escape(change.address.text))"
      + "  \(effect(of: change))\(because)\(mark)"
    let painted = colour ? paint(head, change) : head
    let blocked = change.blocked.map(VisibleText.escape) ?? ""
    let isSaid = change.isDeletion && blocked == said
    let reason = blocked.isEmpty || isSaid ? [] : ["      ! \(blocked)"]
    said = blocked
    return [painted] + reason + change.fields.map { "      \(line(of: $0))" }
  }

  /// The impact, or what is blocked.
  static func effect(of change: Change) -> String {
    guard change.blocked != nil else { return change.impact.rawValue }
    return change.isDeletion ? "blocked delete" : "blocked"
  }

  private static func line(of field: Change.Field) -> String {
    let name = name(of: field)
    guard !field.sensitive else { return "\(name)  (secret)" }
    let drift = field.driftFrom.map { "  (was applied as \(value($0)))" } ?? ""
    if let list = ListDifference(before: field.before, after: field.after) {
      return "\(name)  \(list.text)\(drift)"
    }
    switch field.operation {
    case .add: return "\(name)  \(value(field.after))\(drift)"
    case .remove: return "\(name)  \(value(field.before)) → (none)\(drift)"
    case .change: return "\(name)  \(value(field.before)) → \(value(field.after))\(drift)"
    }
  }

  private static func policy(_ plan: Plan) -> [String] {
    let broken = plan.policy.filter { $0.result != "pass" }.map { finding in
      "  \(finding.result) \(finding.pack)/\(finding.id) (runbook \(finding.runbook)): "
        + "\(finding.message). \(finding.remedy)"
    }
    let counts = ["pass", "warn", "deny"].map { result in
      "\(plan.policy.filter { $0.result == result }.count) \(result)"
    }
    return plan.policy.isEmpty ? [] : broken + ["Guardrails: \(counts.joined(separator: ", "))"]
  }

  static func symbol(_ change: Change) -> String {
    guard change.blocked == nil else { return "x" }
    switch change.actions.first {
    case .create: return "+"
    case .update: return "~"
    case .delete: return "-"
    case .adopt, .forget, .noop, nil: return "."
    }
  }

  /// The field's path without its first slash.
  static func name(of field: Change.Field) -> String {
    VisibleText.escape(String(decoding: field.path.utf8.dropFirst(), as: UTF8.self))
  }

  static func value(_ value: JSONValue?) -> String {
    guard let value else { return "(none)" }
    let text = VisibleText.escape(CanonicalJSON.text(value))
    guard text.count > 72 else { return text }
    return "\(text.prefix(60))… (\(text.count) characters)"
  }

  private static func paint(_ line: String, _ change: Change) -> String {
    let code: Int
    switch symbol(change) {
    case "+": code = 32
    case "~": code = 33
    case "-", "x": code = 31
    default: code = 2
    }
    return "\u{1B}[\(code)m\(line)\u{1B}[0m"
  }
}
