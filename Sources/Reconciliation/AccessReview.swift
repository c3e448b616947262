// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import DesiredState
import Policy
import Tools

extension LoadOutcome {
  /// The same, after a look at what its access rules, programs and skills amount to: what is doubtful is
  /// a warning, a program that must not be run makes the state invalid, and so does a skill with critical
  /// findings.
  public var reviewed: LoadOutcome {
    guard case .valid(let state) = self else { return self }
    let programs = AccessReview.programs(of: state)
    let skills = SkillReview.issues(in: state)
    let errors = programs + skills.filter { $0.severity == .error }
    guard errors.isEmpty else { return .invalid((state.warnings + programs + skills).sorted()) }
    return .valid(state.warning(of: AccessReview.findings(in: state) + skills))
  }
}

/// What a desired state's access rules and programs amount to.
enum AccessReview {
  static func findings(in state: LoadedState) -> [ValidationIssue] {
    AccessFindings.of(AccessRules(state.spec)).map { finding in
      ValidationIssue(
        origin: state.provenance[finding.rule] ?? .builtIn, path: finding.rule, severity: .warning,
        rule: "access-\(finding.kind.rawValue)", message: finding.message, hint: finding.hint)
    }
  }

  static func programs(of state: LoadedState) -> [ValidationIssue] {
    state.spec.tools.exec.profiles.sorted { $0.key < $1.key }.compactMap { name, profile in
      guard let problem = ExecProfile(profile).problem else { return nil }
      let path = "tools.exec.profiles.\(name)"
      return ValidationIssue(
        origin: state.provenance[path] ?? .builtIn, path: path, rule: "exec-profile",
        message: problem, hint: "name a program that does one thing, without a shell around it")
    }
  }
}
