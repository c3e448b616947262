// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Backup
import FoundationEssentials

extension Check {
  /// What was not backed up is gone with the disk.
  static let goLiveBackup = Check(
    "go-live.backup", "Backups of timeline.db are configured", .high, .goLive,
    reference: "runbook 5", remedy: "declare `backup`, apply it, kafclaw backup create",
    detect: { host in
      guard let look = try BackupLook(host) else {
        return Verdict(.fail, "no backup is declared")
      }
      guard let done = look.last(.create, [.done]) else {
        return Verdict(.fail, "no backup was made yet")
      }
      if let late = look.lateness(.create, "backup") { return Verdict(.fail, late) }
      return .pass("snapshot \(done.snapshot ?? 0) of \(done.at.formatted(.iso8601))")
    })
}
