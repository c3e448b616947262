// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import Backup
public import DesiredState
import DurableIO
import FoundationEssentials

/// Deeds whose outcome the host remembers, whoever asked for them.
extension HostBackup {
  /// Makes a snapshot.
  ///
  /// - Parameter capture: Copies the database to a path; by whoever may open it.
  public func create(
    in location: RepositoryLocation, capture: @Sendable (String) async throws -> Void,
    progress: @escaping @Sendable (_ files: Int, _ bytes: Int) -> Void = { _, _ in }
  ) async throws -> SnapshotReport {
    try await recorded(.create) { known in
      let repository = try open(location)
      known("\(repository.id)")
      let report = try await write(to: repository, capture: capture, progress: progress)
      return (
        report,
        .init(
          at: Date(), .done, repository: "\(repository.id)", snapshot: report.sequence,
          words: "\(report.files) files, \(report.stored) bytes stored"
            + (report.skipped.isEmpty ? "" : ", \(report.skipped.count) left out"))
      )
    }
  }

  /// Looks at a repository; damage is no error.
  public func verify(
    _ repository: BackupRepository, level: BackupLevel,
    progress: @escaping @Sendable (_ packs: Int, _ of: Int) -> Void = { _, _ in }
  ) async throws -> BackupVerification {
    try await recorded(.verify) { known in
      known("\(repository.id)")
      let (head, scratch) = (try knownHead(of: repository), try scratchFolder())
      let report = try await BlockingWork.run("verify", isInBackground: true) {
        try BackupVerification.run(
          repository, level: level, known: head, scratch: scratch, progress: progress)
      }
      return (
        report,
        .init(
          at: Date(), report.isRight ? .done : .failed, repository: "\(repository.id)",
          snapshot: report.repository.newestSnapshot, level: level.rawValue, words: report.words)
      )
    }
  }

  /// Forgets what the declared rule does not keep.
  public func prune(
    in location: RepositoryLocation, _ rule: RetentionRule, despiteShrink: Bool = false
  ) async throws -> PruneReport {
    try await recorded(.prune) { known in
      let repository = try open(location)
      known("\(repository.id)")
      let report = try await prune(repository, rule, despiteShrink: despiteShrink)
      return (
        report,
        .init(
          at: Date(), report.frozen == nil ? .done : .skipped, repository: "\(repository.id)",
          words: report.frozen.map { "nothing is forgotten: \($0)" }
            ?? "\(report.forgotten.count) snapshots forgotten, \(report.removed) files removed")
      )
    }
  }

  private func recorded<Value>(
    _ deed: BackupRecord.Deed,
    _ body: ((String) -> Void) async throws -> (Value, BackupRecord.Run)
  ) async throws -> Value {
    var repository: String?
    do {
      let (value, run) = try await body { repository = $0 }
      try record.update { $0.note(deed, run) }
      return value
    } catch {
      let error = ApplianceError.of(error)
      let run = BackupRecord.Run(
        at: Date(), error.code == .lockHeld ? .skipped : .failed, repository: repository,
        words: error.message)
      // `try?`: why it failed is worth more than that this could not be remembered.
      try? record.update { $0.note(deed, run) }
      throw error
    }
  }
}

extension RetentionRule {
  /// What the desired state declares.
  public init(_ spec: RetentionSpec) {
    self.init(
      last: spec.last.value,
      periods: [
        .hourly: spec.hourly.value, .daily: spec.daily.value, .weekly: spec.weekly.value,
        .monthly: spec.monthly.value, .yearly: spec.yearly.value,
      ])
  }
}
