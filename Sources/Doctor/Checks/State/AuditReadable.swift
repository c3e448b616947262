// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import DurableIO
import FoundationEssentials

extension Check {
  /// A log that cannot be continued stops the appliance; one that is not sealed could still be
  /// rewritten.
  static let auditReadable = Check(
    "audit.readable", "The audit log can be continued and is sealed in time", .critical,
    reference: "runbook 9.6", remedy: "kafclaw audit verify",
    detect: { host in
      guard let log = try AuditInspection.look(at: host.trail.files) else {
        return .notApplicable("there is no audit log yet")
      }
      if let problem = log.problem { return Verdict(.fail, problem) }
      var findings = Findings()
      let paths = host.paths
      let skills = AuditFiles(
        folder: paths.skillsAudit, origin: paths.skillsAuditOrigin,
        anchor: paths.skillsAuditAnchor)
      if let problem = try AuditInspection.look(at: skills)?.problem {
        findings.add(
          .fail, "the log of skills: \(problem); no skill is loaded until it is begun anew")
      }
      if log.tornBytes > 0, !host.isRunning {
        findings.add(
          .warn, "a crash tore its last line (\(log.tornBytes) bytes); the next record cuts it off")
      }
      if host.isRunning, let since = log.unsealedSince,
        host.now.timeIntervalSince(since) > SealAge.limit
      {
        findings.add(
          .warn, "\(log.unsealed) lines since \(since.formatted(.iso8601)) are not sealed")
      }
      let sealed = log.sealedAt.map { "sealed at \($0.formatted(.iso8601))" } ?? "not sealed yet"
      return findings.verdict(otherwise: "\(sealed), \(log.unsealed) lines since then")
    })
}

private enum SealAge {
  /// Seals are due after five minutes. Seconds.
  static let limit: TimeInterval = 900
}
