// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState
import FoundationEssentials

extension Check {
  /// What is not looked at any more is forgotten; this is what is not looked at.
  static let securitySuppressions = Check(
    Suppression.checkID, "Suppressed findings are known, and none is past its time", .medium,
    .security, reference: "runbook 8", remedy: "repair the finding, or decide again until when",
    detect: { host in
      guard let spec = try host.validState?.spec else { return .noDesiredState }
      var findings = Findings()
      for suppression in Suppression.declared(in: spec) {
        SuppressionLook.look(at: suppression, host.now, &findings)
      }
      let active = spec.security.suppressions.map(SuppressionLook.shown)
      return findings.verdict(
        otherwise: active.isEmpty ? "nothing is suppressed" : active.joined(separator: "; "))
    })
}

private enum SuppressionLook {
  static func look(at suppression: Suppression, _ now: Date, _ findings: inout Findings) {
    let name = suppression.check
    guard let check = Checks.all.first(where: { $0.id == name }) else {
      return findings.add(.warn, "there is no check \(Quoted(name))")
    }
    if !Suppression.isPossible(check.id, check.severity) {
      findings.add(.fail, "\(name) cannot be suppressed")
    } else if suppression.expires <= now {
      findings.add(
        .fail, "\(name): ended \(suppression.expires.formatted(.iso8601)) (\(suppression.owner))")
    }
  }

  static func shown(_ suppression: SuppressionSpec) -> String {
    "\(suppression.check) until \(suppression.expires.date.formatted(.iso8601)): "
      + "\(suppression.reason) (\(suppression.owner))"
  }
}
