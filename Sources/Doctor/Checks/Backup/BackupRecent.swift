// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Backup
import DesiredState
import FoundationEssentials

extension Check {
  /// What was not backed up since is gone with the disk.
  static let backupRecent = Check(
    "backup.recent", "Backups are made when they are due", .high,
    reference: "runbook 7.1", remedy: "kafclaw backup create tells what keeps it",
    detect: { host in
      guard let look = try BackupLook(host) else {
        return .notApplicable("no backup is declared")
      }
      if let late = look.lateness(.create, "backup") { return Verdict(.fail, late) }
      if let last = look.last(.create), last.outcome == .failed {
        return Verdict(
          .warn,
          "the last run failed at \(last.at.formatted(.iso8601)): "
            + VisibleText.escape(last.words))
      }
      guard let done = look.last(.create, [.done]) else {
        return .notApplicable("the first backup is not due yet")
      }
      if let prune = look.last(.prune, [.done, .failed, .skipped]), prune.outcome != .done {
        return Verdict(
          .warn,
          "old backups are not forgotten since \(prune.at.formatted(.iso8601)): "
            + VisibleText.escape(prune.words), remedy: "kafclaw backup prune --dry-run")
      }
      return .pass(
        "snapshot \(done.snapshot ?? 0) of \(done.at.formatted(.iso8601)): "
          + VisibleText.escape(done.words))
    })
}
