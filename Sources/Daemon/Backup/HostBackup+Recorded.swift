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
    try await recorded(.create, location) { known in
      let repository = try open(location)
      known("\(repository.id)")
      let report = try await write(to: repository, capture: capture, progress: progress)
      var run = BackupRecord.Run(
        .create, at: Date(), .done, address: location.address, repository: "\(repository.id)",
        words: "\(report.files) files, \(report.stored) bytes stored"
          + (report.skipped.isEmpty ? "" : ", \(report.skipped.count) left out"))
      (run.snapshot, run.snapshotTime) = (report.sequence, run.at)
      return (report, run)
    }
  }

  /// Looks at a repository; damage is no error.
  ///
  /// - Parameter open: Opens it, and sees to it that it is no older one.
  public func verify(
    _ location: RepositoryLocation, level: BackupLevel,
    open: @Sendable () throws -> BackupRepository,
    progress: @escaping @Sendable (_ packs: Int, _ of: Int) -> Void = { _, _ in }
  ) async throws -> BackupVerification {
    try await recorded(.verify, location, level: level) { known in
      let repository = try open()
      known("\(repository.id)")
      let (head, scratch) = (try knownHead(of: repository), try ScratchFolder.parent(paths))
      let report = try await BlockingWork.run("verify", isInBackground: true) {
        try BackupVerification.run(
          repository, level: level, known: head, scratch: scratch, progress: progress)
      }
      var run = BackupRecord.Run(
        .verify, at: Date(), report.isRight ? .done : .failed, address: location.address,
        repository: "\(repository.id)", words: report.words)
      (run.snapshot, run.level) = (report.repository.newestSnapshot, level.rawValue)
      run.broken = Set(report.repository.damages.flatMap(\.snapshots)).sorted()
      run.damagedPacks = report.repository.damages.map(\.file).filter { $0.hasPrefix("packs/") }
      return (report, run)
    }
  }

  /// Forgets what the declared rule does not keep.
  public func prune(
    in location: RepositoryLocation, _ rule: RetentionRule, despiteShrink: Bool = false
  ) async throws -> PruneReport {
    try await recorded(.prune, location) { known in
      let repository = try open(location)
      known("\(repository.id)")
      let report = try await prune(repository, rule, despiteShrink: despiteShrink)
      let run = BackupRecord.Run(
        .prune, at: Date(), report.frozen == nil ? .done : .skipped, address: location.address,
        repository: "\(repository.id)",
        words: report.frozen.map { "nothing is forgotten: \($0)" }
          ?? "\(report.forgotten.count) snapshots forgotten, \(report.removed) files removed")
      return (report, run)
    }
  }

  private func recorded<Value>(
    _ deed: BackupRecord.Deed, _ location: RepositoryLocation, level: BackupLevel? = nil,
    _ body: ((String) -> Void) async throws -> (Value, BackupRecord.Run)
  ) async throws -> Value {
    var repository: String?
    do {
      let (value, run) = try await body { repository = $0 }
      try record.update { $0.note(run) }
      return value
    } catch {
      let error = ApplianceError.of(error)
      var run = BackupRecord.Run(
        deed, at: Date(), error.code == .lockHeld ? .skipped : .failed, address: location.address,
        repository: repository, words: error.message)
      run.level = level?.rawValue
      // `try?`: why it failed is worth more than that this could not be remembered.
      try? record.update { $0.note(run) }
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
