// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import AuditLog
import DurableIO
import FoundationEssentials

extension Check {
  /// Without the log nobody can tell what was done, and whether it was allowed.
  static let auditIntact = Check(
    "audit.intact", "There is an audit log, and it can be continued", .critical, .security,
    reference: "runbook 9",
    remedy: "kafclaw audit verify; then kafclaw audit begin-anew --reason TEXT",
    detect: { host in
      guard let log = try AuditInspection.look(at: host.trail.files) else {
        return try SystemFiles().isPresent(host.paths.timelineFile)
          ? Verdict(.fail, "no audit log, although \(host.paths.timelineFile) is there")
          : .notApplicable("the appliance has not run yet")
      }
      if let problem = log.problem { return Verdict(.fail, problem) }
      let sealed = log.sealedAt.map { "sealed \($0.formatted(.iso8601))" } ?? "not sealed yet"
      return .pass("\(sealed), \(log.unsealed) lines since; kafclaw audit verify reads all of it")
    })
}
