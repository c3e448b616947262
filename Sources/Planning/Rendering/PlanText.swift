// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// A plan for people on a terminal: destructive and blocked first, one line a resource, then its
/// fields.
public enum PlanText {
  public static func render(_ plan: Plan, colour: Bool = false) -> String {
    var lines = [heading(plan)]
    lines += plan.environment.map { value in
      "  from the environment: \(value.path) = \(CanonicalJSON.text(value.value))"
        + " (\(value.variable))"
    }
    lines += plan.warnings.map { "  warning: \($0)" }
    lines = lines.map(VisibleText.escape)
    if !plan.changes.isEmpty { lines.append("") }
    lines += plan.changes.flatMap { self.lines(of: $0, colour: colour) }
    lines.append("")
    lines += policy(plan).map(VisibleText.escape)
    lines.append(verdict(plan))
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
    return "Plan for \(host) from \(VisibleText.escape(plan.source.repository))\(revision)"
      + " (verification: \(plan.source.verification))"
  }

  private static func lines(of change: Change, colour: Bool) -> [String] {
    let impact = change.blocked == nil ? change.impact.rawValue : "blocked"
    let because = change.reason == .intentional ? "" : "  \(change.reason.rawValue)"
    let head = "  \(symbol(change)) \(VisibleText.escape(change.address.text))  \(impact)\(because)"
    let painted = colour ? paint(head, change) : head
    let reason = change.blocked.map { ["      ! \(VisibleText.escape($0))"] } ?? []
    return [painted] + reason + change.fields.map { "      \(line(of: $0))" }
  }

  private static func line(of field: Change.Field) -> String {
    let name = VisibleText.escape(String(field.path.dropFirst()))
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

/// What was added to and removed from a list; whole lists are too long to read.
struct ListDifference {
  let added: [String]
  let removed: [String]

  init?(before: JSONValue?, after: JSONValue?) {
    guard let old = before?.arrayValue, let new = after?.arrayValue else { return nil }
    let (oldSet, newSet) = (Set(old), Set(new))
    added = new.filter { !oldSet.contains($0) }.map { PlanText.value($0) }
    removed = old.filter { !newSet.contains($0) }.map { PlanText.value($0) }
  }

  var text: String {
    let shown = added.prefix(10).map { "+\($0)" } + removed.prefix(10).map { "-\($0)" }
    let hidden = added.count + removed.count - shown.count
    let rest = hidden > 0 ? ["and \(hidden) more"] : []
    return (shown + rest).joined(separator: " ")
  }
}
