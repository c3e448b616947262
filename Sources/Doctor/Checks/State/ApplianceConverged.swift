// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI

extension Check {
  /// The appliance itself says what keeps it from being what git asks for.
  static let applianceConverged = Check(
    "appliance.converged", "The appliance is what its desired state asks for", .high,
    reference: "runbook 5.2", remedy: "kafclaw status; kafclaw history",
    detect: { host in
      guard let status = host.status else {
        return .notApplicable("no appliance answers")
      }
      var findings = Findings()
      Convergence.note(status.components, in: &findings)
      Convergence.note(status.conditions, in: &findings)
      if !status.drift.reported.isEmpty {
        findings.add(
          .warn, "differs and is only reported: " + status.drift.reported.joined(separator: ", "))
      }
      if !status.ready, findings.evidence.isEmpty {
        let ready = status.conditions.first { $0.type == .ready }
        findings.add(.warn, "not ready: \(Convergence.words(of: ready))")
      }
      return findings.verdict(
        otherwise: "ready, with \(status.components.count) healthy components")
    })
}

/// How bad it is what a status says.
private enum Convergence {
  /// More starts than that are no accident.
  static let restartLimit = 3

  static func note(_ components: [ApplianceStatus.Component], in findings: inout Findings) {
    for component in components {
      let why = component.message.map { ": \($0)" } ?? ""
      switch component.health {
      case .healthy: break
      case .starting: findings.add(.warn, "\(component.name) is starting\(why)")
      case .unhealthy, .stopped:
        findings.add(.fail, "\(component.name) is \(component.health.rawValue)\(why)")
      }
      if component.restarts > restartLimit {
        findings.add(.warn, "\(component.name) was started again \(component.restarts) times")
      }
    }
  }

  static func note(_ conditions: [Condition], in findings: inout Findings) {
    for condition in conditions where condition.status {
      guard let grade = grade(of: condition) else { continue }
      findings.add(grade, "\(condition.type.rawValue): \(words(of: condition))")
    }
  }

  static func words(of condition: Condition?) -> String {
    guard let condition else { return "no reason given" }
    return condition.message.isEmpty
      ? condition.reason.rawValue : "\(condition.reason.rawValue): \(condition.message)"
  }

  /// - Returns: `nil` for what is no finding, or another check's.
  private static func grade(of condition: Condition) -> Verdict.Status? {
    switch condition.type {
    // Components were told one by one.
    case .degraded: condition.reason == .componentUnhealthy ? nil : .fail
    case .stalled, .rolledBack, .quarantined: .fail
    case .held, .suspended, .pinned, .stale, .contained: .warn
    // Drift is told by its addresses; a source that is not verified is a matter of policy.
    case .ready, .reconciling, .drifted, .sourceUnverified: nil
    }
  }
}
