// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Planning
import Reconciliation

/// Prints a pass or a plan, and ends the command with its exit code.
struct PassReport {
  let outcome: PassOutcome
  let isDryRun: Bool
  /// Whether changes have exit codes of their own (2, 3).
  let detailed: Bool

  init(_ outcome: PassOutcome, isDryRun: Bool, detailed: Bool) {
    self.outcome = outcome
    self.isDryRun = isDryRun
    self.detailed = detailed
  }

  func render(_ format: OutputFormat) throws {
    for issue in outcome.issues { Output.note(issue.description) }
    if let error = outcome.error { Output.failure(error) }
    if let plan = outcome.plan { try render(plan, format) } else { try renderBare(format) }
    if !isDryRun { Output.note("\(outcome.kind.rawValue)") }
    if exitCode != 0 { throw CommandExit(code: exitCode) }
  }

  private func render(_ plan: Plan, _ format: OutputFormat) throws {
    switch format {
    case .human: Output.text(PlanText.render(plan, colour: Output.allowsColour))
    case .json: try Output.json(plan)
    case .markdown: Output.text(PlanMarkdown.render(plan))
    }
  }

  /// Without a plan, JSON still gets an object: the issues and the error.
  private func renderBare(_ format: OutputFormat) throws {
    struct Bare: Encodable {
      let formatVersion = 1
      let kind = "refusal"
      let outcome: PassOutcome.Kind
      let issues: [ValidationIssue]
      let error: ApplianceError?
    }
    switch format {
    case .human: break
    case .json:
      try Output.json(
        Bare(outcome: outcome.kind, issues: outcome.issues, error: outcome.error))
    case .markdown:
      Output.line("### The desired state is refused (\(outcome.kind.rawValue))\n")
      for issue in outcome.issues {
        let text = issue.description.replacing("`", with: "'")
        Output.line("- `\(text)`")
      }
    }
  }

  private var exitCode: Int32 {
    if outcome.exitCode != 0 { return outcome.exitCode }
    guard detailed, let plan = outcome.plan else { return 0 }
    if plan.isDestructive { return 3 }
    return plan.isEmpty ? 0 : 2
  }
}
