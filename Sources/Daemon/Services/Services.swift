// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DesiredState
import FoundationEssentials
import Logging
import Reconciliation
import ServiceLifecycle
import Supervision
import Timeline

/// Runs a component until graceful shutdown, then stops it in order.
struct ComponentService: Service {
  let supervisor: ComponentSupervisor

  func run() async throws {
    await withTaskGroup { group in
      group.addTask { await supervisor.run() }
      group.addTask {
        // `try?`: cancellation and graceful shutdown both mean to stop.
        try? await gracefulShutdown()
        await supervisor.stop()
      }
      await group.waitForAll()
    }
  }
}

/// The reconcile loop: a pass at start, then after every interval, jittered by a tenth.
struct ReconcileLoop: Service {
  let reconciler: Reconciler
  let wake: WakeSignal
  let logger: Logger
  /// After the first pass the loop ends and hands over its outcome.
  let once: (@Sendable (PassOutcome) -> Void)?

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var trigger = Trigger.start
      while !Task.isCancelled {
        let seen = wake.generation
        ComponentProcess.reapOrphans()
        let outcome = await reconciler.pass(trigger)
        log(outcome)
        if let once {
          once(outcome)
          return
        }
        await wake.wait(after: seen, for: await reconciler.pause)
        trigger = wake.generation == seen ? .interval : .componentChange
      }
    }
  }

  private func log(_ outcome: PassOutcome) {
    switch outcome.kind {
    case .noChange: logger.debug("pass", metadata: ["outcome": "\(outcome.kind.rawValue)"])
    case .applied: logger.info("pass", metadata: ["outcome": "\(outcome.kind.rawValue)"])
    case .denied, .invalid, .held, .sourceFailed, .rejected, .failed, .rolledBack, .rollbackFailed,
      .superseded, .planStale:
      logger.warning(
        "pass",
        metadata: [
          "outcome": "\(outcome.kind.rawValue)", "error": "\(outcome.error?.message ?? "")",
          "issues": "\(outcome.issues.count)",
        ])
    }
  }
}

/// Seals the audit log when that is due, also while nothing is recorded, and has each last seal
/// remembered in the timeline.
struct SealService: Service {
  let audit: HostAudit
  let store: TimelineStore
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          try await Task.sleep(for: .seconds(60))
          try await audit.seal(into: store, onlyIfDue: true)
        } catch is CancellationError {
          return
        } catch {
          logger.error("cannot seal the audit log", metadata: ["error": "\(error)"])
        }
      }
    }
  }
}
