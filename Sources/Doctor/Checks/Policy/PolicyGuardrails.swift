// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Guardrails

extension Check {
  /// A change that breaks a rule is refused; what runs may be older than the rule.
  static let policyGuardrails = Check(
    "policy.guardrails", "What runs keeps the guardrails it declares", .high, .security,
    reference: "runbook 2", remedy: "kafclaw validate names the rule and the field",
    propose: { host in
      guard let state = try host.validState else { return [] }
      return try GuardrailLook.broken(state).compactMap { GuardrailLook.proposal($0, state) }
        .reduce(into: []) { all, one in
          if !all.contains(where: { $0.path == one.path }) { all.append(one) }
        }
    },
    detect: { host in
      guard let state = try host.validState else { return .noDesiredState }
      guard !state.spec.guardrails.isEmpty else {
        return Verdict(
          .warn, "guardrails is empty: no rule is asked", remedy: "set guardrails: [baseline]")
      }
      var findings = Findings()
      let broken = try GuardrailLook.broken(state)
      for finding in broken {
        findings.add(
          finding.result == .deny ? .fail : .warn,
          "\(finding.pack)/\(finding.id): \(finding.message) (\(finding.path))")
      }
      let held = try GuardrailLook.held(state)
      return findings.verdict(
        otherwise: held, remedy: Set(broken.map(\.remedy)).sorted().joined(separator: " "))
    })
}

private enum GuardrailLook {
  static func broken(_ state: LoadedState) throws -> [GuardrailFinding] {
    try all(state).filter { $0.result != .pass }
  }

  static func held(_ state: LoadedState) throws -> String {
    "\(try all(state).count) rules of \(state.spec.guardrails.joined(separator: ", ")) hold"
  }

  private static func all(_ state: LoadedState) throws -> [GuardrailFinding] {
    try GuardrailEvaluator(packs: state.spec.guardrails).evaluate(state.effective)
  }

  /// Where the field has one value that is right. Who owns incidents is nobody's to guess.
  static func proposal(_ finding: GuardrailFinding, _ state: LoadedState) -> Proposal? {
    switch finding.path {
    case "gateway.host": .loopback(of: state)
    case "tools.exec.restrictWorkspace": .restricted(state)
    case "tools.tiers.external": .readOnly(state)
    case "tools.tiers.internal":
      .setting(
        finding.path, "write", because: "high-risk tools are for owners alone", in: state)
    case "tools.deny":
      .setting(
        finding.path, .array((state.spec.tools.deny + ["exec"]).map { .string($0) }),
        because: "commands are denied", in: state)
    case "reconcile.drift.default":
      .setting(
        finding.path, "correct", because: "changes made outside git are put back", in: state)
    case let path where path.hasPrefix("channels.") && path.hasSuffix(".dmPolicy"):
      .allowList(path, state)
    default: nil
    }
  }
}
