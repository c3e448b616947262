// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import Backup
import Channels
import ControlAPI
import DesiredState
import Doctor
import DurableIO
import FoundationEssentials
import Glibc
import Logging
import ServiceLifecycle
import Timeline

extension AuditEvent.Kind {
  static let alert = Self("watch.alert")
}

/// Watches for the signals of the runbook's section 6, and for what keeps the appliance from doing its
/// work; tells the escalation path, step by step, until somebody acknowledges.
struct WatchService: Service {
  /// Between two looks.
  static let interval: Duration = .seconds(5)
  /// How long a signal has to be quiet before its alert is closed. Seconds.
  static let quiet = 600.0
  /// Between two attempts to tell a step. Seconds.
  static let retry = 30.0

  let paths: AppliancePaths
  let store: TimelineStore
  let audit: HostAudit
  let containment: ContainmentGuard
  let sender: AlertSender
  let status: @Sendable () async throws -> ApplianceStatus
  let state: @Sendable () async -> LoadedState?
  let crashLoops: @Sendable () async -> [String]
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      // A receiver that hangs must not keep anybody from looking.
      await withTaskGroup { group in
        group.addTask { await self.again("cannot watch") { try await self.look(at: Date()) } }
        group.addTask { await self.again("cannot tell alerts") { try await self.tellDue() } }
        await group.waitForAll()
      }
    }
    do { try await sender.client.shutdown() } catch {
      logger.debug("connections of alerts were open")
    }
  }

  private func again(
    _ problem: Logger.Message, _ body: @Sendable () async throws -> Void
  ) async {
    while !Task.isCancelled {
      do { try await body() } catch is CancellationError { return } catch {
        logger.error(problem, metadata: ["error": "\(ApplianceError.of(error).message)"])
      }
      // `try?`: a cancelled pause only ends early.
      try? await Task.sleep(for: Self.interval)
    }
  }

  func look(at now: Date) async throws {
    do { try containment.storeAgain() } catch {
      logger.error("cannot store what is contained")
    }
    guard let spec = await state()?.spec else { return }
    for finding in try await findings(spec, now) {
      try await store.raise(finding.signal, finding.subject, finding.message, at: now)
    }
    try await store.closeAlerts(notSeenSince: now.addingTimeInterval(-Self.quiet))
  }

  private func tellDue() async throws {
    guard let spec = await state()?.spec else { return }
    let due = try await store.dueAlerts(at: Date())
    try await withThrowingDiscardingTaskGroup { group in
      for alert in due { group.addTask { try await self.escalate(alert, spec) } }
    }
  }

  private func findings(_ spec: ApplianceSpec, _ now: Date) async throws -> [WatchRules.Finding] {
    var found = WatchRules(spec: spec.monitoring).findings(try await store.watchFigures(at: now))
    for name in await crashLoops() {
      found.append(.init(signal: .crashLoop, subject: name, message: "\(name) keeps ending"))
    }
    let status = try await status()
    let access = status.drift.reported.filter {
      $0.hasPrefix("senders/") || $0.hasPrefix("tools/")
    }
    if !access.isEmpty {
      found.append(
        .init(
          signal: .accessDrift, message: "other than declared: \(access.joined(separator: ", "))"))
    }
    for channel in status.channels where channel.health == .unhealthy {
      found.append(
        .init(
          signal: .channelDown, subject: channel.name, message: channel.message ?? "unhealthy"))
    }
    return found + backups(spec.backup, now) + auditProblem(now)
  }

  private func backups(_ spec: BackupSpec?, _ now: Date) -> [WatchRules.Finding] {
    guard let spec else { return [] }
    // `try?`: a record that cannot be read is put aside by the next backup, and told by doctor.
    guard let record = try? BackupRecordFile(paths).read() else { return [] }
    let look = BackupLook(spec: spec, record: record, now: now)
    var found: [WatchRules.Finding] = []
    if let late = look.lateness(.create, "backup") {
      found.append(.init(signal: .backupOverdue, message: late))
    }
    if let late = look.drillProblem {
      found.append(.init(signal: .drillOverdue, message: late))
    }
    return found
  }

  private func auditProblem(_ now: Date) -> [WatchRules.Finding] {
    do {
      _ = try AuditArchive(audit.files).newest(1)
      guard access(paths.audit, W_OK) == 0 else {
        throw ApplianceError.system("write to", paths.audit)
      }
      // Seals what is due: a log that cannot be written says so here.
      try audit.trail.seal(at: now, onlyIfDue: true)
      return []
    } catch {
      return [.init(signal: .auditFailure, message: ApplianceError.of(error).message)]
    }
  }

  private func escalate(_ alert: Alert, _ spec: ApplianceSpec) async throws {
    let path = spec.appliance.escalation
    guard alert.step < path.count else {
      // Everybody was told, or there is nobody to tell yet.
      return try await store.note(
        alert: alert.id, step: alert.step, next: Date().addingTimeInterval(Self.retry))
    }
    do {
      // `try?`: an alert whose record cannot be made is told all the same.
      try? tell(alert, Date())
      try await sender.tell(alert, path[alert.step], spec.appliance.name)
      let now = Date()
      let pause = Double(spec.monitoring.escalateAfter.seconds)
      try await store.note(
        alert: alert.id, step: alert.step + 1, next: now.addingTimeInterval(pause))
    } catch {
      let words = (error as? DeliveryFailure)?.message ?? ApplianceError.of(error).message
      let now = Date()
      logger.error("cannot tell an alert", metadata: ["alert": "\(alert.id)", "error": "\(words)"])
      // Whoever cannot be reached for long does not keep the next one from being told.
      let isLong =
        now.timeIntervalSince(alert.openedAt)
        > Double(spec.monitoring.escalateAfter.seconds) * Double(alert.step + 1)
      let hasNext = alert.step + 1 < path.count
      try await store.note(
        alert: alert.id, step: isLong && hasNext ? alert.step + 1 : alert.step,
        next: now.addingTimeInterval(isLong && hasNext ? 0 : Self.retry))
    }
  }

  private func tell(_ alert: Alert, _ now: Date) throws {
    try audit.trail.record(
      [
        AuditEvent(
          .alert, by: "supervisor", on: "alert/\(alert.id)", .done, at: now,
          rule: alert.signal.rawValue,
          details: ["step": String(alert.step), "message": alert.message])
      ], at: now)
  }
}
