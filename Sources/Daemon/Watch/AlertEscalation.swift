// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import DesiredState
import FoundationEssentials
import Logging
import Synchronization
import Timeline

extension AuditEvent.Kind {
  static let alert = Self("watch.alert")
}

/// Tells alerts along the escalation path, step by step, until somebody acknowledges.
final class AlertEscalation: Sendable {
  /// Between two attempts to tell a step. Seconds.
  static let retry = 30.0

  private struct UnstoredAlert: Hashable {
    let signal: Signal
    let subject: String
    let message: String

    init(_ finding: WatchRules.Finding) {
      (signal, subject, message) = (finding.signal, finding.subject, finding.message)
    }

    /// The same thing in other words is the same alert.
    static func == (one: Self, other: Self) -> Bool {
      one.signal == other.signal && one.subject == other.subject
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(signal)
      hasher.combine(subject)
    }
  }

  private struct Step: Hashable {
    let alert: Int64
    let step: Int
  }

  let sender: AlertSender
  private let store: TimelineStore
  private let audit: AuditTrail
  private let logger: Logger
  /// Steps that could not be told, as far as that is recorded: once each.
  private let failed = Mutex<Set<Step>>([])
  /// What could not be stored, as far as it was told.
  private let unstored = Mutex<Set<UnstoredAlert>>([])

  init(sender: AlertSender, store: TimelineStore, audit: AuditTrail, logger: Logger) {
    (self.sender, self.store, self.audit, self.logger) = (sender, store, audit, logger)
  }

  /// Tells every webhook of the path what could not be stored, each thing once: a disk that is full
  /// must not be what keeps anybody from knowing.
  func tellUnstored(
    _ findings: [WatchRules.Finding], _ spec: ApplianceSpec, at now: Date
  ) async {
    let new = unstored.withLock { known in
      let before = known
      known = Set(findings.map(UnstoredAlert.init))
      return known.subtracting(before)
    }
    for alert in new.sorted(by: { $0.signal.rawValue < $1.signal.rawValue }) {
      for (step, target) in spec.appliance.escalation.enumerated() where target.webhook != nil {
        let alert = Alert(
          id: 0, signal: alert.signal, subject: alert.subject, message: alert.message,
          openedAt: now, lastAt: now, state: .open, step: step, acknowledgedBy: nil)
        do { try await sender.tellWebhook(alert, target, spec.appliance.name) } catch {
          note(error, "cannot tell an alert that is not stored", alert)
        }
      }
    }
  }

  /// Tells what is due, each beside the others.
  func tellDue(_ spec: ApplianceSpec) async throws {
    let due = try await store.dueAlerts(at: Date())
    await withDiscardingTaskGroup { group in
      for alert in due {
        group.addTask {
          do { try await self.escalate(alert, spec) } catch {
            self.note(error, "cannot keep what was told of an alert", alert)
          }
        }
      }
    }
  }

  private func escalate(_ alert: Alert, _ spec: ApplianceSpec) async throws {
    let path = spec.appliance.escalation
    guard alert.step < path.count else {
      // Everybody was told, or there is nobody to tell yet.
      return try await store.note(
        alert: alert.id, step: alert.step, next: Date().addingTimeInterval(Self.retry))
    }
    do { try await sender.tell(alert, path[alert.step], spec.appliance.name) } catch {
      return try await postpone(alert, spec, because: error)
    }
    record(alert, .done)
    let pause = Double(spec.monitoring.escalateAfter.seconds)
    try await store.note(
      alert: alert.id, step: alert.step + 1, next: Date().addingTimeInterval(pause))
  }

  /// Whoever cannot be reached for long does not keep the next one from being told.
  private func postpone(
    _ alert: Alert, _ spec: ApplianceSpec, because error: any Error
  ) async throws {
    note(error, "cannot tell an alert", alert)
    let step = Step(alert: alert.id, step: alert.step)
    if failed.withLock({ $0.insert(step).inserted }) { record(alert, .failed) }
    let now = Date()
    let patience = Double(spec.monitoring.escalateAfter.seconds) * Double(alert.step + 1)
    let isSkipped =
      now.timeIntervalSince(alert.openedAt) > patience
      && alert.step + 1 < spec.appliance.escalation.count
    try await store.note(
      alert: alert.id, step: isSkipped ? alert.step + 1 : alert.step,
      next: now.addingTimeInterval(isSkipped ? 0 : Self.retry))
  }

  private func note(_ error: any Error, _ what: Logger.Message, _ alert: Alert) {
    let words = (error as? DeliveryFailure)?.message ?? ApplianceError.of(error).message
    logger.error(what, metadata: ["alert": "\(alert.id)", "error": "\(words)"])
  }

  /// An alert whose record cannot be made was told all the same.
  private func record(_ alert: Alert, _ outcome: AuditEvent.Outcome) {
    let now = Date()
    do {
      try audit.record(
        [
          AuditEvent(
            .alert, by: "supervisor", on: "alert/\(alert.id)", outcome, at: now,
            rule: alert.signal.rawValue,
            details: ["step": String(alert.step), "message": alert.message])
        ], at: now)
    } catch { note(error, "cannot record an alert", alert) }
  }
}
