// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Backup
import DesiredState
import FoundationEssentials

extension Check {
  /// Whether a backup can be read shows when it is read.
  static let backupVerified = Check(
    "backup.verified", "Backups were read back, and are intact", .high,
    reference: "runbook 7.3", remedy: "kafclaw backup verify",
    detect: { host in
      guard let look = try BackupLook(host) else {
        return .notApplicable("no backup is declared")
      }
      if let last = look.failure(.verify) {
        return Verdict(
          .fail,
          "the check of \(last.at.formatted(.iso8601)) found: "
            + VisibleText.escape(last.words))
      }
      if let late = look.lateness(.verify, "check") { return Verdict(.fail, late) }
      guard let done = look.last(.verify, [.done]) else {
        return look.last(.create, [.done]) == nil
          ? .notApplicable("there is no backup yet")
          : Verdict(.warn, "no backup was ever read back")
      }
      return .pass(
        "\(done.level ?? "?") at \(done.at.formatted(.iso8601)): \(VisibleText.escape(done.words))")
    })
}
