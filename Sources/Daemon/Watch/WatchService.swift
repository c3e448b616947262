// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Channels
import DesiredState
import FoundationEssentials
import Logging
import ServiceLifecycle
import Timeline

/// Watches for the signals of the runbook's section 6, and for what keeps the appliance from doing its
/// work; tells the escalation path, step by step, until somebody acknowledges.
struct WatchService: Service {
  /// Between two looks.
  static let interval: Duration = .seconds(5)
  /// How long a signal has to be quiet before its alert is closed. Seconds.
  static let quiet = 600.0

  let store: TimelineStore
  let containment: ContainmentGuard
  let findings: WatchFindings
  let escalation: AlertEscalation
  let state: @Sendable () async -> LoadedState?
  /// Stores what was counted and is not in the timeline yet.
  let storeCounts: @Sendable () async throws -> Void
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      // A receiver that hangs must not keep anybody from looking.
      await withTaskGroup { group in
        group.addTask { await self.again("cannot watch") { try await self.look(at: Date()) } }
        group.addTask {
          await self.again("cannot tell alerts") {
            guard let spec = await state()?.spec else { return }
            try await escalation.tellDue(spec)
          }
        }
        await group.waitForAll()
      }
    }
    do { try await escalation.sender.client.shutdown() } catch {
      logger.debug("connections of alerts were open")
    }
  }

  private func again(
    _ problem: Logger.Message, _ body: @Sendable () async throws -> Void
  ) async {
    while !Task.isCancelled {
      do { try await body() } catch is CancellationError { return } catch { note(error, problem) }
      // `try?`: a cancelled pause only ends early.
      try? await Task.sleep(for: Self.interval)
    }
  }

  private func note(_ error: any Error, _ what: Logger.Message) {
    logger.error(what, metadata: ["error": "\(ApplianceError.of(error).message)"])
  }

  func look(at now: Date) async throws {
    do { try containment.storeAgain() } catch { note(error, "cannot store what is contained") }
    guard let spec = await state()?.spec else { return }
    do { try await storeCounts() } catch { note(error, "cannot store counts") }
    let (found, isComplete) = await findings.all(spec, now)
    var unstored: [WatchRules.Finding] = []
    for finding in found {
      do {
        try await store.raise(finding.signal, finding.subject, finding.message, at: now)
      } catch {
        note(error, "cannot store an alert")
        unstored.append(finding)
      }
    }
    await escalation.tellUnstored(unstored, spec, at: now)
    guard isComplete, unstored.isEmpty else { return }
    try await store.closeAlerts(notSeenSince: now.addingTimeInterval(-Self.quiet))
  }
}
