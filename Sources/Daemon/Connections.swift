// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DesiredState
import DurableIO
import Reconciliation
import Supervision
import Synchronization

/// Ties the parts that need each other.
final class Connections: Sendable {
  private struct Parts: Sendable {
    let reporter: StatusReporter
    let gateway: ComponentSupervisor
    let agent: ComponentSupervisor
    let reconciler: Reconciler
    let dashboard: DashboardDesk
  }

  private let parts = Mutex<Parts?>(nil)
  private let known = Mutex<[SecretReference]>([])

  func connect(
    reporter: StatusReporter, gateway: ComponentSupervisor, agent: ComponentSupervisor,
    reconciler: Reconciler, dashboard: DashboardDesk
  ) {
    parts.withLock {
      $0 = Parts(
        reporter: reporter, gateway: gateway, agent: agent, reconciler: reconciler,
        dashboard: dashboard)
    }
  }

  /// Where the state in force refers to secrets, as last seen.
  var references: [SecretReference] { known.withLock { $0 } }

  /// Takes the references of a state; those of the one before are still looked for.
  func know(_ state: LoadedState) {
    let newest = SecretReferences.all(in: state.spec).map(\.reference)
    known.withLock { known in
      known = newest + known.filter { !newest.contains($0) }.prefix(64)
    }
  }

  /// The state in force; `nil` before anything was applied.
  func state() async -> LoadedState? {
    guard let reconciler = parts.withLock({ $0?.reconciler }) else { return nil }
    return await reconciler.current.expected
  }

  /// What the supervisor needs of the state in force; `nil` before anything was applied.
  func settings(paths: AppliancePaths) async -> RuntimeSettings? {
    guard let reconciler = parts.withLock({ $0?.reconciler }) else { return nil }
    let report = await reconciler.current
    guard let state = report.expected else { return nil }
    return RuntimeSettings(state, revision: report.attempted, paths: paths)
  }

  func status() async throws -> ApplianceStatus {
    guard let parts = parts.withLock({ $0 }) else {
      throw ApplianceError(.inconsistent, "the appliance is still starting")
    }
    return await parts.reporter.status()
  }

  func dashboard(_ request: DashboardRequest) async throws -> DashboardReply {
    guard let desk = parts.withLock({ $0?.dashboard }) else {
      throw ApplianceError(.inconsistent, "the appliance is still starting")
    }
    return try await desk.answer(request)
  }

  func readiness(store: Bool) async -> Readiness {
    guard let parts = parts.withLock({ $0 }) else {
      return Readiness(agent: false, store: store, digest: false)
    }
    let gateway = await parts.gateway.status
    let agent = await parts.agent.status
    return Readiness(
      agent: agent.health == .healthy, store: store, digest: gateway.health == .healthy)
  }

  func recordRestart(of component: ComponentName, because exit: String) async throws {
    try await parts.withLock { $0 }?.reconciler.recordRestart(of: component, because: exit)
  }
}
