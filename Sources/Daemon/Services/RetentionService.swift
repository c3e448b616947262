// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import DesiredState
import FoundationEssentials
import Logging
import ServiceLifecycle
import Timeline

extension AuditEvent.Kind {
  static let retention = Self("timeline.retention")
}

/// Removes from the timeline what `logs.retention` says, once an hour.
struct RetentionService: Service {
  static let interval: Duration = .seconds(3_600)

  let store: TimelineStore
  let audit: AuditTrail
  let state: @Sendable () async -> LoadedState?
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        // After the start, so that it does not begin with this.
        do { try await Task.sleep(for: .seconds(60)) } catch { return }
        do { _ = try await forget(at: Date()) } catch is CancellationError { return } catch {
          logger.error("cannot forget", metadata: ["error": "\(ApplianceError.of(error).message)"])
        }
        do { try await Task.sleep(for: Self.interval) } catch { return }
      }
    }
  }

  /// - Returns: How many rows were removed.
  func forget(at now: Date) async throws -> Int {
    guard let retention = await state()?.spec.logs.retention else { return 0 }
    let before = now.addingTimeInterval(-Double(retention.seconds))
    let expected = try await store.forgettable(before: before)
    guard expected > 0 else { return 0 }
    try record(.intent, expected, before, at: now)
    var total = 0
    do {
      while !Task.isCancelled {
        let removed = try await store.forget(before: before)
        if removed == 0 { break }
        total += removed
      }
    } catch {
      try record(.failed, total, before, at: now)
      throw error
    }
    try record(.done, total, before, at: now)
    return total
  }

  private func record(
    _ outcome: AuditEvent.Outcome, _ rows: Int, _ before: Date, at now: Date
  ) throws {
    try audit.record(
      [
        AuditEvent(
          .retention, by: "supervisor", on: "timeline", outcome, at: now, rule: "logs.retention",
          details: ["rows": String(rows), "before": before.formatted(.iso8601)])
      ], at: now)
  }
}
