// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Backup
import DesiredState
import DurableIO
import Foundation
import Logging
import ServiceLifecycle
import Supervision
import Timeline
import Tomb

/// Makes backups and checks them when the desired state says so.
struct BackupService: Service {
  /// Between two looks at the clock.
  private static let interval: Duration = .seconds(20)
  /// How often a run is begun that never ends.
  private static let tries = 3

  let paths: AppliancePaths
  let tomb: @Sendable () throws -> TombSpec
  let store: TimelineStore
  let declared: @Sendable () async -> BackupSpec?
  let logger: Logger
  /// Tells this appliance from others of the same schedule: hosts of the package have the same paths.
  var seed: String { "\(HostIdentity.hash)/\(paths.state)" }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      // A whole appliance, in plain text, of whoever was killed.
      ScratchFolder.removeAbandoned(in: paths.backupStaging)
      while !Task.isCancelled {
        var pause = Self.interval
        if let spec = await declared() {
          await look(spec, at: Date())
          pause = self.pause(spec, at: Date())
        }
        // `try?`: a cancelled pause only ends early.
        try? await Task.sleep(for: pause)
      }
    }
  }

  /// Until the next run, or the next look at what is declared.
  func pause(_ spec: BackupSpec, at now: Date) -> Duration {
    // `try?`: without the record the next look tells what is wrong with it.
    guard let record = try? BackupRecordFile(paths).read(),
      let start = BackupAgenda(spec: spec, record: record, seed: seed).start, start > now
    else { return Self.interval }
    return min(.seconds(start.timeIntervalSince(now)), Self.interval)
  }

  /// Does what is due, one after the other: there is never a second run beside the first.
  func look(_ spec: BackupSpec, at now: Date) async {
    do {
      let file = BackupRecordFile(paths)
      try forgetTimesToCome(file, now)
      let agenda = BackupAgenda(spec: spec, record: try file.update { $0 }, seed: seed)
      if !agenda.unseen.isEmpty {
        // A schedule that is new begins now.
        let unseen = agenda.unseen
        try file.update { record in
          for deed in unseen { record.points[deed.rawValue] = now }
        }
      }
      for deed in agenda.due(at: now) {
        guard let point = agenda.served(deed, at: now) else { continue }
        let begun = agenda.record.begun[deed.rawValue] ?? 0
        if begun < Self.tries {
          try file.update { $0.begun[deed.rawValue] = begun + 1 }
          await run(deed, spec)
        } else {
          failed(
            deed, spec, ApplianceError(.backupFailed, "the supervisor ended during \(begun) runs"))
        }
        // What was killed in between is due again, but not for ever.
        try file.update { record in
          record.points[deed.rawValue] = point
          record.begun[deed.rawValue] = nil
        }
      }
    } catch {
      log("cannot tell what backup is due", error)
    }
  }

  /// A clock that was ahead once must not keep backups from being made until it is right.
  private func forgetTimesToCome(_ file: BackupRecordFile, _ now: Date) throws {
    let latest = now.addingTimeInterval(BackupRecord.clockTolerance)
    let ahead = try file.update { $0.points }.filter { $0.value > latest }
    guard !ahead.isEmpty else { return }
    logger.warning(
      "backups were made at a time that is to come: the clock was wrong, or is",
      metadata: ["deeds": "\(ahead.keys.sorted().joined(separator: ", "))"])
    try file.update { record in
      for deed in ahead.keys { record.points[deed] = now }
    }
  }

  private func run(_ deed: BackupRecord.Deed, _ spec: BackupSpec) async {
    let host: HostBackup
    let location: RepositoryLocation
    do {
      let tomb = try tomb()
      host = try HostBackup(paths, tomb)
      location = try RepositoryLocation(spec.repository, declared: spec, paths, tomb)
    } catch {
      return failed(deed, spec, error)
    }
    do {
      switch deed {
      case .create:
        let report = try await host.create(in: location) { try await store.capture(to: $0) }
        logger.info(
          "backup made",
          metadata: ["snapshot": "\(report.sequence)", "stored": "\(report.stored)"])
        if !spec.appendOnly {
          let pruned = try await host.prune(in: location, RetentionRule(spec.retention))
          if let frozen = pruned.frozen {
            logger.warning("no backup is forgotten", metadata: ["reason": "\(frozen)"])
          }
        }
      case .verify:
        let report = try await host.verify(location, level: Self.level(spec)) {
          try host.open(location)
        }
        if !report.isRight {
          logger.error("the backup is damaged", metadata: ["problem": "\(report.words)"])
        } else if spec.verify.level == .drill {
          try await drill(spec)
        }
      case .prune, .drill: break
      }
    } catch {
      log("backup: \(deed.rawValue) failed", error)
    }
  }

  /// In a process of its own, which makes a root of its own. The package has a unit for that: the
  /// supervisor's starts no program.
  private func drill(_ spec: BackupSpec) async throws {
    guard !paths.isSystem else { return }
    let reply: DrillReply
    do {
      reply = try await WorkerProcess(
        .drill, environment: ProcessEnvironment.ofChildren, limit: DrillRequest.limit
      ).call(DrillRequest(home: paths.home), reply: DrillReply.self)
    } catch {
      return failed(.drill, spec, error)
    }
    if !reply.isPassed {
      logger.error("the drill failed", metadata: ["problem": "\(reply.words)"])
    }
  }

  /// How deep the check itself goes; a drill comes after it.
  private static func level(_ spec: BackupSpec) -> BackupLevel {
    spec.verify.level == .drill ? .restore : spec.verify.level
  }

  /// What kept a deed from being begun is remembered like what it ends with.
  private func failed(_ deed: BackupRecord.Deed, _ spec: BackupSpec, _ error: any Error) {
    log("backup: \(deed.rawValue) failed", error)
    var run = BackupRecord.Run(
      deed, at: Date(), .failed, address: RepositoryAddress.normal(spec.repository),
      repository: nil, words: ApplianceError.of(error).message)
    if deed == .verify { run.level = Self.level(spec).rawValue }
    let ended = run
    do { try BackupRecordFile(paths).update { $0.note(ended) } } catch {
      log("cannot remember that", error)
    }
  }

  private func log(_ words: String, _ error: any Error) {
    logger.error("\(words)", metadata: ["error": "\(ApplianceError.of(error).message)"])
  }
}
