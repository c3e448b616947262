// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials

/// A plan as the comment on a pull request: one sticky comment, the verdict first, details folded.
///
/// What has no room is counted where it would stand, so that nothing is left out in silence.
public enum PlanMarkdown {
  /// GitHub refuses comments over 65,536 characters (Unicode code points).
  static let budget = 60_000
  /// Room for what is told of the environment and for warnings.
  private static let noteBudget = 10_000
  /// Room for guardrails that did not pass.
  private static let policyBudget = 15_000
  /// Room for who gains or loses tools.
  private static let reachBudget = 10_000
  /// Room that rows of the table leave to what follows them.
  private static let reserve = 500

  public static func render(_ plan: Plan) -> String {
    let footer = footer(plan)
    var page = MarkdownPage(budget: budget - length(footer))
    page.add(lines: [marker(plan), "### \(PlanText.verdict(plan))", ""] + facts(plan))
    let notes = notes(plan)
    let shown = page.add(lines: notes, atMost: noteBudget)
    if shown < notes.count {
      page.add(lines: ["- _\(notes.count - shown) more notes\(elsewhere)_"])
    }
    // Guardrails and reach stand below the table of dangers, but have their room before it.
    var policy = MarkdownPage(budget: min(policyBudget, page.left / 3))
    add(policyOf: plan, to: &policy)
    var reach = MarkdownPage(budget: min(reachBudget, page.left / 3))
    add(reachOf: plan, to: &reach)
    add(
      dangersOf: plan, to: &page, keeping: length(policy.text) + length(reach.text) + reserve)
    page.add(policy)
    page.add(reach)
    add(detailsOf: plan, to: &page)
    return page.text + footer
  }

  private static let elsewhere = "; see the JSON plan."

  private static func length(_ text: String) -> Int { text.unicodeScalars.count }

  /// Names of hosts have up to 253 characters.
  private static func cut(_ text: String) -> String { String(text.unicodeScalars.prefix(253)) }

  /// Lets a later run find this comment and replace it.
  private static func marker(_ plan: Plan) -> String {
    let name = plan.host.name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    let host = name.isEmpty ? "-" : String(name.prefix(253))
    return "<!-- kafclaw-plan:v1 host=\(host) effect=\(plan.effectDigest.short) -->"
  }

  private static func footer(_ plan: Plan) -> String {
    let identity =
      plan.changes.isEmpty
      ? ""
      : "\n\(PlanText.title(plan)) `\(plan.planDigest.short)`, valid until "
        + "\(plan.notAfter.formatted(.iso8601)).\n"
    return identity + "\nEffect digest `\(plan.effectDigest)`\n"
  }

  private static func facts(_ plan: Plan) -> [String] {
    let revision = plan.source.headCommit.map { " at `\($0.prefix(12))`" } ?? ""
    let base = plan.source.baseCommit.map { ", applied now: `\($0.prefix(12))`" } ?? ""
    let host = plan.host.name.isEmpty ? "this host" : code(cut(plan.host.name))
    let signer = plan.source.verifiedBy.map { ", signed by \(code(cut($0)))" } ?? ""
    return [
      "Host \(host)\(revision)\(base), source verification: \(plan.source.verification)\(signer)",
      "",
    ]
  }

  private static func notes(_ plan: Plan) -> [String] {
    plan.environment.map { value in
      "- from the environment: `\(value.path)` = \(code(CanonicalJSON.text(value.value))) "
        + "(`\(value.variable)`)"
    } + plan.warnings.map { "- warning: \(code($0))" }
  }

  /// Deletions, blocked changes and restarts, most severe first.
  private static func add(dangersOf plan: Plan, to page: inout MarkdownPage, keeping room: Int) {
    let dangerous = plan.changes.filter { change in
      change.isDeletion || change.blocked != nil || change.impact >= .restart
    }
    guard !dangerous.isEmpty else { return }
    page.add(lines: ["", "| | resource | impact |", "| - | - | - |"])
    var said: String?
    let rows = dangerous.lazy.map { change in
      defer { said = change.blocked }
      return row(of: change, isSaid: change.isDeletion && change.blocked == said)
    }
    let shown = page.add(lines: rows, atMost: page.left - room)
    guard shown < dangerous.count else { return }
    let rest = dangerous.dropFirst(shown)
    let counts = [
      (rest.count { $0.isDeletion }, "deletions"),
      (rest.count { !$0.isDeletion && $0.blocked != nil }, "blocked changes"),
      (rest.count { !$0.isDeletion && $0.blocked == nil }, "restarts or data losses"),
    ]
    let text = counts.filter { $0.0 > 0 }.map { "\($0.0) more \($0.1)" }.joined(separator: ", ")
    page.add(lines: ["", "**\(text)\(elsewhere)**"])
  }

  /// - Parameter isSaid: The row before tells the same reason, as it does for many deletions.
  private static func row(of change: Change, isSaid: Bool) -> String {
    let what = change.blocked.map { blocked in
      PlanText.effect(of: change) + ": " + code(isSaid ? change.reason.rawValue : blocked)
    }
    return "| \(PlanText.symbol(change)) | \(code(change.address.text)) | "
      + "\(what ?? change.impact.rawValue) |"
  }

  private static func add(policyOf plan: Plan, to page: inout MarkdownPage) {
    let broken = plan.policy.filter { $0.result != "pass" }
    guard !broken.isEmpty else { return }
    page.add(lines: [""])
    let findings = broken.lazy.map { finding in
      "- **\(finding.result)** \(code("\(finding.pack)/\(finding.id)")): "
        + code("\(finding.message). \(finding.remedy)")
    }
    let shown = page.add(lines: findings, atMost: page.left - reserve)
    guard shown < broken.count else { return }
    page.add(lines: ["- **\(broken.count - shown) more guardrails that did not pass\(elsewhere)**"])
  }

  /// Who gains or loses tools: what a reviewer has to see of a list.
  private static func add(reachOf plan: Plan, to page: inout MarkdownPage) {
    let lines = PlanReach.lines(of: plan)
    guard !lines.isEmpty else { return }
    page.add(lines: ["", "**Reach**", ""])
    let shown = page.add(lines: lines.lazy.map { "- \(code($0))" }, atMost: page.left - reserve)
    guard shown < lines.count else { return }
    page.add(lines: ["- **\(lines.count - shown) more whose reach changes\(elsewhere)**"])
  }

  private static func add(detailsOf plan: Plan, to page: inout MarkdownPage) {
    var omitted = 0
    for change in plan.changes {
      let isShown = page.left > reserve && page.add(details(of: change), keeping: reserve)
      if !isShown { omitted += 1 }
    }
    if omitted > 0 { page.add(lines: ["", "_\(omitted) more resources\(elsewhere)_"]) }
  }

  private static func details(of change: Change) -> String {
    let summary =
      "\(PlanText.symbol(change)) \(code(change.address.text)) — "
      + "\(PlanText.effect(of: change)), \(change.reason.rawValue)"
    let lines = change.fields.flatMap { field -> [String] in
      let name = PlanText.name(of: field)
      guard !field.sensitive else { return ["! \(name): (secret)"] }
      if let list = ListDifference(before: field.before, after: field.after) {
        return ["! \(name): \(list.text)"]
      }
      let before = field.before.map { ["- \(name): \(PlanText.value($0))"] } ?? []
      let after = field.after.map { ["+ \(name): \(PlanText.value($0))"] } ?? []
      return before + after
    }
    let fence = fence(for: lines)
    return "\n<details><summary>\(summary)</summary>\n\n"
      + ([fence + "diff"] + lines + [fence]).joined(separator: "\n") + "\n\n</details>\n"
  }

  /// A fence longer than any run of backticks inside, so that content cannot end it.
  private static func fence(for lines: [String]) -> String {
    var longest = 2
    for line in lines {
      var run = 0
      for byte in line.utf8 {
        run = byte == UInt8(ascii: "`") ? run + 1 : 0
        longest = max(longest, run)
      }
    }
    return String(repeating: "`", count: longest + 1)
  }

  /// Text from outside: inside `code` nobody is mentioned, nothing is referred to and no markup
  /// works. Entities alone do not help: GitHub looks for mentions after decoding them.
  ///
  /// By code points: with a combining mark after it, a backtick is another character, but still one
  /// for Markdown.
  private static func code(_ text: String) -> String {
    var result = "<code>"
    for scalar in VisibleText.escape(text).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      // Markdown is read before HTML: its characters become entities too.
      case "*", "_", "`", "[", "]", "|", "~", "\\": result += "&#\(scalar.value);"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "</code>"
  }
}
