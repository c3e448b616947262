// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import ControlAPI
public import DesiredState
public import DurableIO
import FoundationEssentials
import Gateway
import Glibc
import Logging
import Planning
public import Reconciliation
import ServiceLifecycle
import SodiumCrypto
import Supervision
import Synchronization
import Timeline
import UnixSignals

/// `kafclaw run`: builds the appliance's parts, connects them and runs them until told to stop.
public struct ApplianceDaemon: Sendable {
  private let paths: AppliancePaths
  private let bootstrap: BootstrapSpec
  private let logger = LogBootstrap.logger("supervisor")

  public init(paths: AppliancePaths, bootstrap: BootstrapSpec) {
    self.paths = paths
    self.bootstrap = bootstrap
  }

  /// Runs until SIGTERM or SIGINT, or, with `once`, until the first pass has ended.
  ///
  /// - Returns: The outcome of the pass, with `once`.
  /// - Throws: `process.root`, `io.unsafe`, `io.lock-held`; whatever keeps the appliance from
  ///   starting.
  public func run(once: Bool) async throws -> PassOutcome? {
    try RootRefusal.require(environment: ProcessEnvironment.settings)
    umask(0o077)
    ComponentProcess.protectMemory()
    ComponentProcess.adoptOrphans()
    try PrivateFolder.requireTrusted(paths.state)
    try PrivateFolder.requireTrustedFile(paths.bootstrapFile)
    try PrivateFolder.requireTrustedFile(paths.environmentFile)
    for folder in paths.folders { try PrivateFolder.create(folder) }
    try requireNoStandstill()
    let lock = try FileLock(acquiring: paths.lock, purpose: "kafclaw run")
    // It may have been ordered while the lock was waited for.
    try requireNoStandstill()
    let audit = HostAudit(paths)
    let store = try TimelineStore(path: paths.timelineFile)
    try await store.releaseLeases(of: nil, at: Date())
    try await store.releaseDeliveries(of: nil)
    // Nothing is served that could not be recorded.
    try audit.note(.start, "appliance", .done, ["version": ApplianceVersion.current])
    try await audit.seal(into: store, onlyIfDue: true)
    let outcome = try await serve(store, audit, once: once)
    try await end(store, audit)
    _ = consume lock
    return outcome
  }

  private func requireNoStandstill() throws {
    guard let order = IncidentFile(paths).read().standstill else { return }
    throw ApplianceError(
      .standstill,
      "an operator ordered the appliance to stand still (\(order.by), "
        + "\(order.since.formatted(.iso8601))): \(order.reason)",
      hint: "kafclaw start --reason TEXT")
  }

  /// The timeline is closed whatever becomes of the log; the last seal is remembered in it.
  private func end(_ store: TimelineStore, _ audit: HostAudit) async throws {
    do {
      try audit.note(.stop, "appliance", .done)
      try await audit.seal(into: store)
    } catch {
      try store.close()
      throw error
    }
    try store.close()
  }

  private func serve(
    _ store: TimelineStore, _ audit: HostAudit, once: Bool
  ) async throws -> PassOutcome? {
    let hosts = try ComponentHosts.make(bootstrap.components, paths, logger)
    let parts = ApplianceParts(
      paths: paths, bootstrap: bootstrap, store: store, audit: audit, hosts: hosts, logger: logger)
    try await parts.reconciler.recover()
    let socket = try SocketAddressPath(paths.controlSocket)
    unlink(paths.controlSocket)
    let manager = ServiceManager()
    let (file, isSystem) = (paths.controlSocket, paths.isSystem)
    let control = ControlServer(
      actions: parts.controlActions, logger: logger, guard: try PeerGuard(bootstrap, paths)
    ).application(path: socket.path) {
      if isSystem { try OperatorAccess.open(file) }
      manager.tell("READY=1\nSTATUS=serving")
    }
    let first = Mutex<PassOutcome?>(nil)
    let keepFirst: @Sendable (PassOutcome) -> Void = { outcome in
      first.withLock { $0 = outcome }
    }
    let loop = ReconcileLoop(
      reconciler: parts.reconciler, wake: parts.wake, logger: logger,
      once: once ? keepFirst : nil)
    var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
    if let toolHost = hosts.toolHost { services.append(.init(service: toolHost)) }
    var configuration = ServiceGroupConfiguration(
      services: services + [
        .init(service: WatchdogService(manager: manager, store: store)),
        .init(service: ComponentService(supervisor: parts.agent)),
        .init(service: ComponentService(supervisor: parts.gateway)),
        .init(service: control),
        .init(
          service: SecretService(secrets: parts.secrets, logger: logger)),
        .init(service: ApprovalService(desk: parts.desk, logger: logger)),
        .init(service: SealService(audit: audit, store: store, logger: logger)),
        .init(service: parts.backups),
        .init(service: parts.watch),
        .init(service: parts.retention),
        // Ends before those above: they wait for what it kills.
        .init(service: parts.sweeper),
        .init(
          service: loop,
          successTerminationBehavior: once ? .gracefullyShutdownGroup : .cancelGroup),
      ],
      gracefulShutdownSignals: [.sigterm, .sigint, .sighup], logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(30)
    configuration.maximumCancellationDuration = .seconds(10)
    try await ServiceGroup(configuration: configuration).run()
    unlink(paths.controlSocket)
    return first.withLock { $0 }
  }
}
