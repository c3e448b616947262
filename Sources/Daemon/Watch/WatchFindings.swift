// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import Backup
import ControlAPI
import DesiredState
import Doctor
import DurableIO
import FoundationEssentials
import Logging
import Synchronization
import Timeline
import Tomb

/// What there is to tell now, from everything that is watched.
struct WatchFindings: Sendable {
  let upkeep: Upkeep
  let status: @Sendable () async throws -> ApplianceStatus
  let crashLoops: @Sendable () async -> [String]
  /// The entries of the tomb.
  let entries: @Sendable () throws -> [TombEntry]
  let logger: Logger
  let patience = ChannelPatience()

  /// - Returns: What was found, and whether everything could be looked at: what nobody looked at is not
  ///   over.
  func all(
    _ spec: ApplianceSpec, _ now: Date
  ) async -> (found: [WatchRules.Finding], isComplete: Bool) {
    var found = backups(spec.backup, now) + auditProblem(now) + diskProblem()
    let loops = await crashLoops()
    for name in loops {
      found.append(.init(signal: .crashLoop, subject: name, message: "\(name) keeps ending"))
    }
    var isComplete = true
    do {
      let figures = try await upkeep.store.watchFigures(at: now)
      found += WatchRules(spec: spec.monitoring).findings(figures)
    } catch {
      isComplete = false
      note(error, "cannot watch messages")
    }
    do {
      found += EntryAge.alarms(of: try entries(), at: now).map {
        .init(signal: .secretExpiry, subject: $0.name, message: $0.words)
      }
    } catch {
      // A tomb that does not open is a secret that is gone.
      found.append(.init(signal: .secretExpiry, message: ApplianceError.of(error).message))
    }
    do {
      let status = try await status()
      found += accessDrift(in: status)
      // No channel can be looked at without it, and it is told already.
      if loops.contains(ComponentName.gateway.rawValue) {
        isComplete = false
      } else {
        found += channels(in: status, now)
      }
    } catch {
      isComplete = false
      note(error, "cannot watch the status")
    }
    return (found, isComplete)
  }

  private func note(_ error: any Error, _ what: Logger.Message) {
    logger.error(what, metadata: ["error": "\(ApplianceError.of(error).message)"])
  }

  private func accessDrift(in status: ApplianceStatus) -> [WatchRules.Finding] {
    let access = status.drift.reported.filter {
      $0.hasPrefix("senders/") || $0.hasPrefix("tools/")
    }
    guard !access.isEmpty else { return [] }
    return [
      .init(signal: .accessDrift, message: "other than declared: \(access.joined(separator: ", "))")
    ]
  }

  private func channels(in status: ApplianceStatus, _ now: Date) -> [WatchRules.Finding] {
    let starting = status.channels.filter { $0.health == .starting }.map(\.name)
    let overdue = patience.overdue(starting, at: now)
    return status.channels
      .filter { $0.health == .unhealthy || overdue.contains($0.name) }
      .map {
        .init(
          signal: .channelDown, subject: $0.name, message: $0.message ?? $0.health.rawValue)
      }
  }

  private func backups(_ spec: BackupSpec?, _ now: Date) -> [WatchRules.Finding] {
    guard let spec else { return [] }
    let look: BackupLook
    do { look = try upkeep.look(spec, now) } catch {
      return [.init(signal: .backupOverdue, message: ApplianceError.of(error).message)]
    }
    var found: [WatchRules.Finding] = []
    if let late = look.lateness(.create, "backup") {
      found.append(.init(signal: .backupOverdue, message: late))
    }
    if let late = look.drillProblem {
      found.append(.init(signal: .drillOverdue, message: late))
    }
    return found
  }

  private func diskProblem() -> [WatchRules.Finding] {
    do {
      return try DiskSpace(of: upkeep.paths.state).problem.map { problem in
        [.init(signal: .diskSpace, message: "\(upkeep.paths.state): \(problem)")]
      } ?? []
    } catch {
      return [.init(signal: .diskSpace, message: ApplianceError.of(error).message)]
    }
  }

  private func auditProblem(_ now: Date) -> [WatchRules.Finding] {
    do {
      _ = try AuditArchive(upkeep.audit.files).newest(1)
      try upkeep.audit.files.requireWritable()
      // Seals what is due: a log that cannot be written says so here.
      try upkeep.audit.trail.seal(at: now, onlyIfDue: true)
      return []
    } catch {
      return [.init(signal: .auditFailure, message: ApplianceError.of(error).message)]
    }
  }
}

/// How long a channel may take until its platform knows it.
final class ChannelPatience: Sendable {
  /// Seconds.
  static let limit = 120.0

  private let since = Mutex<[String: Date]>([:])

  /// Those that have been starting for too long.
  func overdue(_ starting: [String], at now: Date) -> Set<String> {
    since.withLock { since in
      since = since.filter { starting.contains($0.key) }
      for name in starting where since[name] == nil { since[name] = now }
      return Set(since.filter { now.timeIntervalSince($0.value) >= Self.limit }.keys)
    }
  }
}
