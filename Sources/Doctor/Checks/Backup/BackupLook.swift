// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
package import Backup
package import DesiredState
package import FoundationEssentials

/// What is declared of backups, and what became of it.
package struct BackupLook {
  /// A run may take so long, and begin so late. Seconds.
  static let patience: TimeInterval = 3_600

  let spec: BackupSpec
  /// As runs name it.
  let address: String
  let record: BackupRecord
  let now: Date

  package init(spec: BackupSpec, record: BackupRecord, now: Date) {
    (self.spec, self.record, self.now) = (spec, record, now)
    address = RepositoryAddress.normal(spec.repository)
  }

  /// - Returns: `nil` where no backup is declared.
  init?(_ host: Host) throws {
    guard let spec = try host.validState?.spec.backup else { return nil }
    self.spec = spec
    address = RepositoryAddress.normal(spec.repository)
    record = try BackupRecordFile(host.paths).read()
    now = host.now
  }

  /// When a deed that was last done at a time is late.
  func deadline(_ deed: BackupRecord.Deed, since time: Date) -> Date? {
    let schedule = deed == .create ? spec.schedule : spec.verify.schedule
    return schedule?.next(after: time, in: spec.timeZone.zone)?
      .addingTimeInterval(Double(spec.jitter.seconds) + Self.patience)
  }

  /// The newest run of a deed in the declared repository. Checks count when they read everything.
  func last(
    _ deed: BackupRecord.Deed, _ outcomes: Set<BackupRecord.Outcome> = [.done, .failed]
  ) -> BackupRecord.Run? {
    record.last(deed, at: address, outcomes) { deed != .verify || $0.isDeep }
  }

  /// When a deed was done last, as ``last(_:_:)``.
  package func done(_ deed: BackupRecord.Deed) -> Date? { last(deed, [.done])?.at }

  /// What is late, or failed and was not made good since.
  package var problems: [String] {
    [
      lateness(.create, "backup") ?? failureWords(.create, "backup"),
      failureWords(.verify, "check") ?? lateness(.verify, "check"),
      drillProblem,
    ].compactMap { $0 }
  }

  private func failureWords(_ deed: BackupRecord.Deed, _ name: String) -> String? {
    failure(deed).map {
      "the last \(name), of \($0.at.formatted(.iso8601)), failed: \($0.words)"
    }
  }

  /// The newest failure that nothing made good since: a run of the same or of more, later on.
  func failure(_ deed: BackupRecord.Deed) -> BackupRecord.Run? {
    let runs = record.runs.filter { $0.deed == deed && $0.address == address }
    return runs.last { failed in
      failed.outcome == .failed
        && !runs.contains { $0.outcome == .done && $0.at > failed.at && $0.isAsMuch(as: failed) }
    }
  }

  /// - Returns: Why a deed is late; `nil` while it is not.
  package func lateness(_ deed: BackupRecord.Deed, _ name: String) -> String? {
    let done = last(deed, [.done])
    let latest = now.addingTimeInterval(BackupRecord.clockTolerance)
    if let done, done.at > latest {
      return
        "the last \(name) is of \(done.at.formatted(.iso8601)), which is to come: the clock was "
        + "wrong, or is"
    }
    guard let since = done?.at ?? record.points[deed.rawValue].map({ min($0, now) }),
      let deadline = deadline(deed, since: since), deadline < now
    else { return nil }
    let failure = last(deed, [.failed, .skipped]).flatMap { run in
      run.at > since ? run.words : nil
    }
    return (done.map { "the last \(name) is of \($0.at.formatted(.iso8601))" } ?? "no \(name) yet")
      + ", and one was due by \(deadline.formatted(.iso8601))"
      + (failure.map { ": \(VisibleText.escape($0))" } ?? "")
  }
}

extension BackupRecord.Run {
  fileprivate func isAsMuch(as other: BackupRecord.Run) -> Bool {
    depth >= other.depth && (snapshot ?? 0) >= (other.snapshot ?? 0)
      && (other.isByRecoveryKey != true || isByRecoveryKey == true)
  }
}
