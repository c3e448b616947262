// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Guardrails

/// What `validate` prints.
struct IssueReport: Encodable {
  let formatVersion = 1
  let valid: Bool
  let issues: [ValidationIssue]

  private enum CodingKeys: String, CodingKey {
    case formatVersion, valid, issues
  }

  /// 11 for a broken schema or rule, 4 for a guardrail, else 0.
  let exitCode: Int32

  init(_ outcome: LoadOutcome) throws {
    switch outcome {
    case .invalid(let issues):
      (self.issues, valid, exitCode) = (issues, false, 11)
    case .valid(let state):
      let findings = try GuardrailEvaluator(packs: state.spec.guardrails)
        .evaluate(state.effective).filter { $0.result != .pass }
      let denied = findings.contains { $0.result == .deny }
      issues = (state.warnings + findings.map { Self.issue($0, state) }).sorted()
      (valid, exitCode) = (!denied, denied ? 4 : 0)
    }
  }

  func render(_ format: OutputFormat) throws {
    guard format != .json else { return try Output.json(self) }
    for issue in issues { Output.line(issue.description) }
    let errors = issues.filter { $0.severity == .error }.count
    let warnings = issues.count - errors
    Output.note(
      valid ? "valid, \(warnings) warnings" : "not valid: \(errors) errors, \(warnings) warnings")
  }

  private static func issue(_ finding: GuardrailFinding, _ state: LoadedState) -> ValidationIssue {
    let origin = nearestOrigin(of: finding.path, state)
    return ValidationIssue(
      origin: origin, path: finding.path, severity: finding.result == .deny ? .error : .warning,
      rule: "\(finding.pack)/\(finding.id)",
      message: "\(finding.message) (runbook \(finding.runbook))", hint: finding.remedy)
  }

  /// The place of a field, or of the section it would stand in.
  private static func nearestOrigin(of path: String, _ state: LoadedState) -> Origin {
    var parts = path.split(separator: ".")
    while !parts.isEmpty {
      if let origin = state.provenance[parts.joined(separator: ".")] { return origin }
      parts.removeLast()
    }
    return .file(path: DesiredStateLoader.mainFile, line: 1, column: 1)
  }
}
