// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import DurableIO

extension Check {
  /// The log is worth what its chain, its seals and its anchor prove.
  static let auditVerified = Check(
    "audit.verified", "Every line of the audit log is the one that was written", .critical, .deep,
    reference: "runbook 9", remedy: "kafclaw audit verify; then look for who could write to it"
  ) { host in
    let files = host.trail.files
    guard try files.isBegun || AuditedHost.hasRun(host) else {
      return .notApplicable("there is no audit log yet")
    }
    // First: the log may be sealed again while it is read.
    let anchors = try await host.acts.auditAnchors()
    do {
      let verdict = try await BlockingWork.run("audit-verify") {
        var verifier = AuditVerifier(files, anchors: anchors)
        return try verifier.verify()
      }
      return AuditedHost.verdict(verdict)
    } catch let error as ApplianceError where error.code == .auditMissing {
      return Verdict(.fail, "the appliance has run here, and \(error.message)")
    }
  }
}

private enum AuditedHost {
  /// Whether there is something that only a running appliance makes.
  static func hasRun(_ host: Host) throws -> Bool {
    try host.isRunning || SystemFiles().isPresent(host.paths.timelineFile)
      || SystemFiles().isPresent(host.paths.audit)
  }

  static func verdict(_ verdict: AuditVerdict) -> Verdict {
    let size =
      "\(verdict.lines) lines, \(verdict.seals) seals, \(verdict.unsealed) lines not sealed yet"
    let findings = verdict.findings.map {
      "\($0.file): line \($0.sequence): \($0.damage.rawValue): \($0.message)"
    }
    return findings.isEmpty ? .pass(size) : Verdict(.fail, findings + [size])
  }
}
