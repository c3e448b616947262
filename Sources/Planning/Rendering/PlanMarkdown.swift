// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// A plan as the comment on a pull request: one sticky comment, the verdict first, details folded.
public enum PlanMarkdown {
  /// GitHub refuses comments over 65,536 characters (Unicode code points).
  static let budget = 60_000

  public static func render(_ plan: Plan) -> String {
    let head = [marker(plan), "### \(PlanText.verdict(plan))", ""] + facts(plan)
    let essential = head + dangers(plan) + policy(plan)
    var text = essential.joined(separator: "\n") + "\n"
    var length = text.unicodeScalars.count
    var omitted = 0
    for change in plan.changes {
      let details = details(of: change)
      let added = details.unicodeScalars.count
      guard length + added <= budget else {
        omitted += 1
        continue
      }
      text += details
      length += added
    }
    if omitted > 0 { text += "\n_\(omitted) more resources; see the JSON plan._\n" }
    return text + "\nEffect digest `\(plan.effectDigest)`\n"
  }

  /// Lets a later run find this comment and replace it.
  private static func marker(_ plan: Plan) -> String {
    let name = plan.host.name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    let host = name.isEmpty ? "-" : name
    return "<!-- kafclaw-plan:v1 host=\(host) effect=\(plan.effectDigest.short) -->"
  }

  private static func facts(_ plan: Plan) -> [String] {
    let revision = plan.source.headCommit.map { " at `\($0.prefix(12))`" } ?? ""
    let host = plan.host.name.isEmpty ? "this host" : code(plan.host.name)
    var lines = ["Host \(host)\(revision), source verification: \(plan.source.verification)", ""]
    lines += plan.environment.map { value in
      "- from the environment: `\(value.path)` = \(code(CanonicalJSON.text(value.value))) "
        + "(`\(value.variable)`)"
    }
    lines += plan.warnings.map { "- warning: \(code($0))" }
    return lines
  }

  /// Deletions, blocked changes and restarts: never left out.
  private static func dangers(_ plan: Plan) -> [String] {
    let dangerous = plan.changes.filter { change in
      change.actions.contains(.delete) || change.blocked != nil || change.impact >= .restart
    }
    guard !dangerous.isEmpty else { return [] }
    let rows = dangerous.map { change in
      let what = change.blocked.map { "blocked: \(code($0))" } ?? change.impact.rawValue
      return "| \(PlanText.symbol(change)) | \(code(change.address.text)) | \(what) |"
    }
    return ["", "| | resource | impact |", "| - | - | - |"] + rows
  }

  private static func policy(_ plan: Plan) -> [String] {
    let broken = plan.policy.filter { $0.result != "pass" }
    guard !broken.isEmpty else { return [] }
    return [""]
      + broken.map { finding in
        "- **\(finding.result)** \(code("\(finding.pack)/\(finding.id)")): "
          + code("\(finding.message). \(finding.remedy)")
      }
  }

  private static func details(of change: Change) -> String {
    let summary =
      "\(PlanText.symbol(change)) \(code(change.address.text)) — "
      + "\(change.blocked == nil ? change.impact.rawValue : "blocked"), \(change.reason.rawValue)"
    let lines = change.fields.flatMap { field -> [String] in
      let name = VisibleText.escape(String(field.path.dropFirst()))
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
      for character in line {
        run = character == "`" ? run + 1 : 0
        longest = max(longest, run)
      }
    }
    return String(repeating: "`", count: longest + 1)
  }

  /// Text from outside: inside `code` nobody is mentioned, nothing is referred to and no markup
  /// works. Entities alone do not help: GitHub looks for mentions after decoding them.
  private static func code(_ text: String) -> String {
    let escaped = VisibleText.escape(text).replacing("&", with: "&amp;").replacing(
      "<", with: "&lt;"
    )
    .replacing(">", with: "&gt;")
    // Markdown is read before HTML: its characters become entities too.
    var result = ""
    for character in escaped {
      if let scalar = character.unicodeScalars.first, "*_`[]|~\\".contains(character) {
        result += "&#\(scalar.value);"
      } else {
        result.append(character)
      }
    }
    return "<code>\(result)</code>"
  }
}
