// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import Channels
import ControlAPI
import DesiredState
import DurableIO
import FoundationEssentials
import Glibc
import Logging
import Planning
import Reconciliation
import SodiumCrypto
import Supervision
import Synchronization
import Timeline
import Tomb

/// The parts of a running appliance, connected.
struct ApplianceParts: Sendable {
  let reconciler: Reconciler
  let gateway: ComponentSupervisor
  let agent: ComponentSupervisor
  let wake: WakeSignal
  let controlActions: ControlActions
  let desk: ApprovalDesk
  let secrets: CurrentSecrets
  let backups: BackupService
  let watch: WatchService
  let retention: RetentionService
  let sweeper: SandboxSweeper

  init(
    paths: AppliancePaths, bootstrap: BootstrapSpec, store: TimelineStore, audit: HostAudit,
    hosts: ComponentHosts, logger: Logger
  ) {
    let wake = WakeSignal()
    self.wake = wake
    let secrets = SecretResolver(paths, bootstrap.tomb, audit)
    let file = BootstrapFile(paths)
    let source = DesiredStateSource(
      bootstrap: file, paths: paths, overrides: ProcessEnvironment.overrides, secrets: secrets)
    // The parts know each other through this box: status needs the reconciler, the reconciler the
    // components, and the components ask for status.
    let connections = Connections()
    let settings: @Sendable () async -> RuntimeSettings? = {
      await connections.settings(paths: paths)
    }
    let screen = SecretScreen(audit: audit.trail, exposures: SecretExposures(paths)) {
      try secrets.liveSecrets(connections.references)
    }
    let containment = ContainmentGuard(IncidentFile(paths))
    let access = MessageAccess(
      store, audit.trail, screen, hosts.tools, containment, SkillShelf(paths), settings)
    desk = access.desk
    let broker = MessageBroker(
      store: store, audit: audit.trail, wake: wake, access: access,
      readiness: { await connections.readiness(store: $0) },
      status: { try await connections.status() },
      dashboard: { try await connections.dashboard($0) })
    let operatorToken = SecretValue(copying: Array(SecureRandom.hexadecimal(bytes: 32).utf8))
    let tokens = GatewayTokens(
      secrets: secrets, audit: audit, operatorToken: operatorToken,
      locked: { try await store.lockedNetworks(at: $0) })
    gateway = Self.supervisor(
      .gateway, hosts.gateway, logger, connections, broker,
      sealing: { try await tokens.resealed($0) }
    ) { request, worker in
      try await broker.answerGateway(request, worker: worker)
    }
    let configurations = ComponentConfigurations(
      paths: paths, secrets: secrets, tokens: tokens,
      secretsKnown: { state in
        connections.know(state)
        try screen.refresh()
      })
    agent = Self.supervisor(
      .agent, hosts.agent, logger, connections, broker,
      sealing: { try configurations.agentKeys($0) }
    ) { request, worker in
      try await broker.answerAgent(request, worker: worker)
    }
    backups = BackupService(
      paths: paths, tomb: { try file.current().tomb }, store: store,
      declared: { await connections.state()?.spec.backup }, logger: logger)
    let supervisors = [gateway, agent]
    let current = CurrentSecrets(components: supervisors, screen: screen)
    self.secrets = current
    let appliers = Appliers.live(
      paths: paths, store: store, supervisors: supervisors, configurations: configurations)
    reconciler = Reconciler(
      host: bootstrap.host, source: bootstrap.source, paths: paths, appliers: appliers,
      outside: Reconciler.Surroundings(
        fetch: { try await source.fetch() }, peek: { try await source.peek() },
        health: { await ComponentHealth.problems(of: supervisors) },
        audit: { try audit.trail.record($0, at: Date()) },
        processes: { await ComponentHealth.processes(of: supervisors) },
        policy: { try TrustPolicy(file.current()) }))
    let upkeep = Upkeep(paths: paths, audit: audit, store: store)
    let reporter = StatusReporter(
      reconciler: reconciler, supervisors: supervisors, files: ReconcilerFiles(paths),
      tokens: tokens, containment: containment, upkeep: upkeep)
    controlActions = ControlActions(
      paths: paths, bootstrap: file, reconciler: reconciler, historyLog: ReconcileHistory(paths),
      source: source, desk: access.desk, sandbox: access.exec.sandbox,
      shelf: access.skills.shelf,
      statusReport: { await reporter.status() }, store: store, gateway: gateway,
      secrets: current,
      operatorToken: operatorToken, audit: audit.trail, due: broker.due,
      incidents: IncidentDesk(containment: containment, audit: audit.trail),
      sessions: DashboardSessions(), plans: SharedPlan(), opening: StageGate(),
      runtimeSettings: settings,
      stopAppliance: { kill(getpid(), SIGTERM) })
    sweeper = SandboxSweeper(
      desk: access.exec.sandbox, tools: hosts.tools, containment: containment, logger: logger)
    retention = RetentionService(
      store: store, audit: audit.trail, state: { await connections.state() }, logger: logger)
    watch = WatchService(
      store: store, containment: containment,
      findings: WatchFindings(
        upkeep: upkeep, status: { await reporter.status() },
        crashLoops: {
          var names: [String] = []
          for supervisor in supervisors where await supervisor.isCrashLooping {
            names.append(supervisor.name.rawValue)
          }
          return names
        }, entries: { try secrets.entries() }, logger: logger),
      escalation: AlertEscalation(
        sender: AlertSender(
          store: store, containment: containment, secrets: secrets, client: PlatformClient(),
          ready: { broker.due.ring() }),
        store: store, audit: audit.trail, logger: logger),
      state: { await connections.state() }, storeCounts: { try await broker.storeCounts() },
      logger: logger)
    connections.connect(
      reporter: reporter, gateway: gateway, agent: agent, reconciler: reconciler,
      dashboard: DashboardDesk(
        actions: controlActions, sessions: controlActions.sessions, tokens: tokens,
        fail: { try await broker.failedLogin(from: $0) },
        refuses: { containment.refuses(client: $0) }))
  }

  private static func supervisor(
    _ name: ComponentName, _ starter: any ComponentStarter, _ logger: Logger,
    _ connections: Connections, _ broker: MessageBroker,
    sealing: ComponentSupervisor.Sealing? = nil, handler: @escaping ComponentSupervisor.Handler
  ) -> ComponentSupervisor {
    ComponentSupervisor(
      name, starter: starter, logger: logger, handler: handler, sealing: sealing,
      folders: { Self.grounds(of: name, $0) }
    ) { worker, exit, wasOrdered in
      do {
        switch name {
        case .agent: try await broker.release(worker)
        case .gateway: try await broker.releaseDeliveries(of: worker)
        }
        if !wasOrdered { try await connections.recordRestart(of: name, because: exit) }
      } catch {
        logger.error("cannot record a restart", metadata: ["error": "\(error)"])
      }
    }
  }

  /// What a component may work with: an agent's folders, the ports of a gateway's chat platforms.
  private static func grounds(of name: ComponentName, _ settings: JSONValue) -> [String] {
    guard name == .gateway else {
      return ["workspace", "workRepo"].compactMap { settings[$0]?.stringValue }
    }
    // `try?`: a gateway whose settings cannot be read refuses them itself, and needs no port.
    let gateway = try? ApplianceJSON.decode(
      GatewaySettings.self, from: CanonicalJSON.bytes(settings))
    return (gateway?.connectPorts.sorted() ?? []).map(String.init)
  }
}
