// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Skills

/// What the skills of a repository amount to: critical findings are errors, others warnings.
enum SkillReview {
  static func issues(in state: LoadedState) -> [ValidationIssue] {
    SkillsSpec.names(in: state.skills).sorted().flatMap { name -> [ValidationIssue] in
      do {
        let package = try SkillPackage(SkillsSpec.files(of: name, in: state.skills))
        return SkillReport(package, expected: name).findings.map { issue($0, of: name) }
      } catch {
        return [
          ValidationIssue(
            origin: .file(path: "skills/\(name)/SKILL.md", line: 0, column: 0), path: "",
            rule: "skill", message: ApplianceError.of(error).message,
            hint: ApplianceError.of(error).hint)
        ]
      }
    }
  }

  private static func issue(_ finding: SkillFinding, of name: String) -> ValidationIssue {
    ValidationIssue(
      origin: .file(path: "skills/\(name)/\(finding.file)", line: finding.line, column: 0),
      path: "", severity: finding.severity == .critical ? .error : .warning,
      rule: "skill-\(finding.code)", message: finding.message,
      hint: "kafclaw skills verify skills/\(name)")
  }
}
