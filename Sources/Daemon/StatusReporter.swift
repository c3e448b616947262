// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DesiredState
import Doctor
import DurableIO
import FoundationEssentials
import GitSource
import Reconciliation
import Supervision
import Timeline

/// Puts together what `kafclaw status` shows, from the processes and the loop themselves.
struct StatusReporter: Sendable {
  let reconciler: Reconciler
  let supervisors: [ComponentSupervisor]
  let files: ReconcilerFiles
  let tokens: GatewayTokens
  let containment: ContainmentGuard
  let upkeep: Upkeep

  func status() async -> ApplianceStatus {
    var components: [ApplianceStatus.Component] = []
    for supervisor in supervisors { components.append(await supervisor.status) }
    let isHealthy = components.allSatisfy { $0.health == .healthy }
    let report = await reconciler.current
    let conditions = await reconciler.conditions(
      componentsHealthy: isHealthy, containment: containment.current.containment,
      storageProblem: await storageProblem())
    let isReady = conditions.first { $0.type == .ready }?.status == true
    // `try?`: a damaged record shows as a failed pass; status itself must still answer.
    let applied = (try? files.appliedState()) ?? AppliedState()
    let now = Date()
    var status = ApplianceStatus(
      ready: isReady, appliance: identity(report.expected), conditions: conditions,
      components: components, providers: providers(report.expected, components),
      channels: await channels(report.expected, components),
      revisions: .init(
        source: report.source?.commit, attempted: report.attempted,
        applied: applied.revisions.applied,
        confirmed: await reconciler.lastGoodCommit),
      drift: .init(reported: report.reported, corrected: report.corrected),
      reconcile: await reconciler.loopStatus, serial: applied.serial, checkedAt: now)
    status.tokens = tokens.status
    status.backup = upkeep.backup(report.expected?.spec.backup, at: now)
    status.audit = upkeep.auditLog()
    // `try?`: what is not known is shown as that.
    status.alerts = try? await upkeep.store.alerts([.open, .acknowledged])
    status.deadLetters = try? await upkeep.deadLetters()  // `try?`: as above
    return status
  }

  /// Messages are refused where they cannot be stored.
  private func storageProblem() async -> String? {
    do {
      try await upkeep.store.probe()
      return try DiskSpace(of: upkeep.paths.state).problem.map { "\(upkeep.paths.state): \($0)" }
    } catch {
      return ApplianceError.of(error).message
    }
  }

  private func identity(_ state: LoadedState?) -> ApplianceStatus.Identity {
    .init(
      name: state?.spec.appliance.name ?? "",
      incidentOwner: state?.spec.appliance.incidentOwner)
  }

  private func providers(
    _ state: LoadedState?, _ components: [ApplianceStatus.Component]
  ) -> [ApplianceStatus.Expectation] {
    guard let name = state?.spec.agent.provider else { return [] }
    return [.init(name: name, expected: true, health: health(of: .agent, components))]
  }

  private func channels(
    _ state: LoadedState?, _ components: [ApplianceStatus.Component]
  ) async -> [ApplianceStatus.Expectation] {
    let gateway = health(of: .gateway, components)
    let reports = await supervisors.first { $0.name == .gateway }?.report()?.channels ?? []
    let declared = (state?.spec.channels ?? [:]).sorted { $0.key < $1.key }
    return declared.map { name, channel in
      guard gateway == .healthy, channel.type.hasAccount else {
        return .init(name: name, expected: true, health: gateway)
      }
      guard let report = reports.first(where: { $0.name == name }) else {
        return .init(
          name: name, expected: true, health: .starting, message: "the gateway tells nothing of it")
      }
      let health: ApplianceStatus.Component.Health =
        report.isHealthy ? .healthy : report.isProven || report.isFinal ? .unhealthy : .starting
      return .init(name: name, expected: true, health: health, message: report.message)
    }
  }

  private func health(
    of name: ComponentName, _ components: [ApplianceStatus.Component]
  ) -> ApplianceStatus.Component.Health {
    components.first { $0.name == name.rawValue }?.health ?? .stopped
  }
}
