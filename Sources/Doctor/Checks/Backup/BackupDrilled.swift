// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Backup
import DesiredState
import FoundationEssentials

extension Check {
  /// A backup that nobody restored is a hope, and so is a recovery key that nobody used.
  static let backupDrilled = Check(
    "backup.drilled", "A snapshot was restored by the recovery key, and the appliance ran from it",
    .high, reference: "runbook 7.3",
    remedy: "kafclaw backup drill --recovery, best on another host; then here kafclaw backup "
      + "evidence accept FILE",
    detect: { host in
      guard let look = try BackupLook(host) else {
        return .notApplicable("no backup is declared")
      }
      return look.drill(isStarting: true)
    })
}

extension BackupLook {
  /// - Parameter isStarting: Whether a host whose backups have just begun has time for the first drill.
  func drill(isStarting: Bool) -> Verdict {
    if let last = record.last(.drill), last.outcome == .failed {
      return Verdict(
        .fail,
        "the drill of \(last.at.formatted(.iso8601)) failed: "
          + VisibleText.escape(last.words))
    }
    let maxAge = TimeInterval(spec.verify.maxAge.seconds)
    guard let done = record.lastDone(.drill) else {
      let begun = record.points["create"] ?? record.lastDone(.create)?.at ?? now
      let isLate = !isStarting || now.timeIntervalSince(begun) > maxAge
      return Verdict(isLate ? .fail : .warn, "no backup was ever restored in a drill")
    }
    let when = "snapshot \(done.snapshot ?? 0) at \(done.at.formatted(.iso8601))"
    guard now.timeIntervalSince(done.at) <= maxAge else {
      return Verdict(.fail, "the last drill, of \(when), is older than backup.verify.maxAge")
    }
    guard done.isByRecoveryKey == true else {
      return Verdict(
        isStarting ? .warn : .fail,
        "the last drill, of \(when), did not use the recovery key: whether that opens the repository "
          + "is not known")
    }
    return .pass("\(when): \(VisibleText.escape(done.words))")
  }
}
