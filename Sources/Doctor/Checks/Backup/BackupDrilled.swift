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
    remedy: BackupLook.drillRemedy,
    detect: { host in
      guard let look = try BackupLook(host) else {
        return .notApplicable("no backup is declared")
      }
      return look.drill(isStarting: true)
    })
}

extension BackupLook {
  static let drillRemedy =
    "kafclaw backup drill --recovery, best on another host; then here kafclaw backup evidence accept "
    + "FILE --signer KEY"

  /// What is wrong with the drills; `nil` while nothing is, or a young host has time for the first.
  package var drillProblem: String? {
    let verdict = drill(isStarting: true)
    return verdict.status == .fail ? verdict.evidence.joined(separator: "; ") : nil
  }

  /// - Parameter isStarting: Whether a host whose backups have just begun has time for the first drill.
  func drill(isStarting: Bool) -> Verdict {
    if let last = failure(.drill) {
      return Verdict(
        .fail,
        "the drill of \(last.at.formatted(.iso8601)) failed: " + VisibleText.escape(last.words))
    }
    let maxAge = TimeInterval(spec.verify.maxAge.seconds)
    guard let done = last(.drill, [.done]) else {
      let begun = min(record.points["create"] ?? last(.create, [.done])?.at ?? now, now)
      let isLate = !isStarting || now.timeIntervalSince(begun) > maxAge
      return Verdict(isLate ? .fail : .warn, "no backup was ever restored in a drill")
    }
    let whole = record.last(.drill, at: address, [.done]) { $0.isByRecoveryKey == true }
    guard let whole else {
      return Verdict(
        isStarting ? .warn : .fail,
        "the last drill, of \(Self.name(done)), did not use the recovery key: whether that opens the "
          + "repository is not known")
    }
    // An old snapshot that restores says little of the new ones.
    let age = now.timeIntervalSince(whole.snapshotTime ?? whole.at)
    guard (-BackupRecord.clockTolerance...maxAge).contains(age) else {
      return Verdict(
        .fail,
        "the last snapshot that the recovery key restored, \(Self.name(whole)), is not within "
          + "backup.verify.maxAge")
    }
    return .pass("\(Self.name(whole)): \(VisibleText.escape(whole.words))")
  }

  private static func name(_ run: BackupRecord.Run) -> String {
    "snapshot \(run.snapshot ?? 0) at \(run.at.formatted(.iso8601))"
  }
}
