// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import ControlAPI
public import Logging

/// Keeps one component running with the configuration it was given: start, configure, watch,
/// restart with backoff, stop in order.
public actor ComponentSupervisor {
  public typealias Handler =
    @Sendable (_ request: ComponentRequest, _ worker: String) async throws -> ComponentReply

  /// Worker's name, exit in words, and whether the end was ordered.
  public typealias Ended =
    @Sendable (_ worker: String, _ exit: String, _ wasOrdered: Bool) async -> Void

  /// What only the component may know, as it is now, for the settings it runs with.
  public typealias Sealing = @Sendable (_ settings: JSONValue) async throws -> SealedSettings

  /// How long a component may take to be in effect with a configuration.
  static let configureLimit: Duration = .seconds(20)
  /// How long a component may take to finish and exit.
  static let exitLimit: Duration = .seconds(10)

  public nonisolated let name: ComponentName
  private let starter: any ComponentStarter
  private let handler: Handler
  /// Called after each end of a process.
  private let ended: Ended
  /// Where the component works, by the settings it starts with.
  private let folders: @Sendable (_ settings: JSONValue) -> [String]
  /// `nil` for a component without secrets.
  private let sealing: Sealing?
  private let logger: Logger
  private let patience: SilencePatience
  private let clock = ContinuousClock()
  private let origin = ContinuousClock().now
  private let changed = WakeSignal()

  private var lifecycle = ComponentLifecycle()
  private var desired: ComponentConfiguration?
  private var process: (any ComponentHandle)?
  private var link: SupervisorLink?
  /// What the process got last that only it may know.
  private var sealed: SealedSettings?
  private var isConfiguring = false
  /// Whether the process was told to end so that another one takes its place.
  private var isReplaced = false
  /// The configuration that a fresh process refused last, and why.
  private var refusal: (digest: Digest, error: ApplianceError)?

  public init(
    _ name: ComponentName, starter: any ComponentStarter, logger: Logger,
    handler: @escaping Handler, sealing: Sealing? = nil,
    folders: @escaping @Sendable (_ settings: JSONValue) -> [String] = { _ in [] },
    patience: SilencePatience = SilencePatience(),
    ended: @escaping Ended
  ) {
    (self.folders, self.patience) = (folders, patience)
    self.name = name
    self.starter = starter
    self.logger = logger
    self.handler = handler
    self.sealing = sealing
    self.ended = ended
  }

  /// Runs until ``stop()``. The loop that owns the process.
  public func run() async {
    while lifecycle.phase != .stopped && !Task.isCancelled {
      let seen = changed.generation
      guard desired != nil else {
        await changed.wait(after: seen, for: nil)
        continue
      }
      let exit = await runOnce()
      guard lifecycle.phase != .stopped else { break }
      if isReplaced {
        isReplaced = false
        lifecycle.replace(after: exit)
        changed.ring()
        continue
      }
      let delay = lifecycle.end(exit, at: now, jitter: .random(in: 0.5...1.5))
      logger.warning("component ended", metadata: ["component": "\(name)", "exit": "\(exit)"])
      changed.ring()
      await changed.wait(after: changed.generation, for: delay)
    }
    lifecycle.stop()
    changed.ring()
  }

  /// Gives the component a configuration and returns what it then really runs.
  ///
  /// A process that is not running is started. A running one that refuses keeps what it had.
  /// - Throws: The component's error; `process.failed` when it crashes repeatedly or takes too long.
  public func configure(_ configuration: ComponentConfiguration) async throws -> ComponentReport {
    let before = desired
    desired = configuration
    refusal = nil
    if let link, case .running = lifecycle.phase {
      do {
        return try await configure(configuration, over: link)
      } catch let error as ApplianceError where error.code == .linkClosed {
        logger.debug("component ended while it was configured")
      } catch let error as ApplianceError where error.code == .restartNeeded {
        // One that ended by itself meanwhile has failed.
        if process != nil { isReplaced = true }
        await endProcess()
      } catch {
        // It still runs what it had; a restart must give it that again.
        desired = before
        throw error
      }
    }
    changed.ring()
    do {
      return try await waitUntilRunning(configuration.digest)
    } catch {
      // Whoever asked was told that it does not run: a restart must not run it after all.
      if desired?.digest == configuration.digest { desired = before }
      throw error
    }
  }

  /// Hands a running component its secrets as they are now, where they are others than it has.
  ///
  /// - Throws: What keeps them from being read, and the component's error; it then has what it had.
  public func reseal() async throws {
    let deadline = clock.now + Self.configureLimit
    while lifecycle.phase == .starting, clock.now < deadline {
      try Task.checkCancellation()
      await changed.wait(after: changed.generation, for: deadline - clock.now)
    }
    guard let link, case .running = lifecycle.phase, let desired, let sealing else { return }
    let now = try await sealing(desired.settings)
    guard now.bytes != sealed?.bytes else { return }
    do {
      // What was ordered meanwhile got its secrets with it.
      _ = try await configure(desired.sealed(now), over: link) {
        self.desired?.digest == desired.digest
      }
    } catch let error as ApplianceError where error.code == .linkClosed {
      logger.debug("component ended while it got its secrets")
    }
  }

  /// What the component says of itself now; `nil` when it is not running or does not answer.
  public func report() async -> ComponentReport? {
    guard let link, case .running = lifecycle.phase else { return nil }
    // `try?`: no answer in time is the answer "not healthy".
    let reply = try? await within(.seconds(2)) { try await link.call(.report) }
    guard case .report(let report)? = reply else { return nil }
    return report
  }

  /// Asks the running component something that changes nothing.
  ///
  /// - Throws: `link.closed` when it is not running; the component's own error.
  public func ask(_ order: SupervisorOrder, within limit: Duration) async throws
    -> SupervisorOrderReply
  {
    guard let link, case .running = lifecycle.phase else {
      throw ApplianceError(.linkClosed, "\(name) is not running", hint: "kafclaw status")
    }
    return try await within(limit) { try await link.call(order) }
  }

  public var status: ApplianceStatus.Component {
    get async {
      let report = await report()
      let wanted = desired?.digest
      return ApplianceStatus.Component(
        name: name.rawValue, pid: pid.map(Int.init), health: health(report, wanted: wanted),
        configDigest: report?.digest, restarts: lifecycle.restarts,
        message: report?.message ?? refusal?.error.message ?? lifecycle.lastExit,
        confinement: report?.confinement)
    }
  }

  /// Whether the process keeps ending shortly after its start.
  public var isCrashLooping: Bool { lifecycle.isCrashLooping }

  /// Ends the component in order: it finishes what it began; after the deadline it is killed.
  public func stop() async {
    lifecycle.stop()
    changed.ring()
    starter.cancel()
    await endProcess()
  }

  /// Lets the process finish what it began and end; after the deadline it is killed.
  private func endProcess() async {
    guard let process, let link else { return }
    await withTaskGroup { group in
      group.addTask { _ = await process.waitForExit() }
      group.addTask {
        // `try?`: a component that does not answer is killed below.
        _ = try? await link.call(.exit)
        _ = await process.waitForExit()
      }
      group.addTask {
        // `try?`: whether the time is over or the wait was cancelled, the process must go; once it
        // is reaped, the signal reaches nobody.
        try? await Task.sleep(for: Self.exitLimit)
        process.kill()
      }
      await group.next()
      group.cancelAll()
    }
  }

  private var pid: Int32? {
    if case .running(let pid) = lifecycle.phase { return pid }
    return nil
  }

  private var now: Duration { origin.duration(to: clock.now) }

  private func health(
    _ report: ComponentReport?, wanted: Digest?
  ) -> ApplianceStatus.Component.Health {
    switch lifecycle.phase {
    case .idle, .stopped: .stopped
    case .starting: .starting
    case .waiting: .unhealthy
    case .running: report?.isReady == true && report?.digest == wanted ? .healthy : .unhealthy
    }
  }

  /// Where the process works with what it is to get first.
  private var workFolders: [String] { desired.map { folders($0.settings) } ?? [] }

  private func runOnce() async -> String {
    lifecycle.start()
    let child: any ComponentHandle
    do {
      child = try await starter.start { await self.workFolders }
    } catch {
      return "could not be started: \(error)"
    }
    if lifecycle.phase == .stopped { child.kill() }
    let link = SupervisorLink(owning: child.socket, name: name.rawValue)
    (process, self.link) = (child, link)
    let worker = "\(name.rawValue)-\(child.pid)"
    let exit = await withTaskGroup(of: Void.self) { group in
      group.addTask { [handler] in await link.run { try await handler($0, worker) } }
      group.addTask { await self.introduce(child, over: link) }
      let exit = await watched(child, over: link)
      link.close()
      return exit
    }
    (process, self.link, sealed) = (nil, nil, nil)
    await ended(worker, exit, lifecycle.phase == .stopped || isReplaced)
    return exit
  }

  /// Waits for a process's end, and kills it when it runs and does not answer: nothing else would end it.
  private func watched(_ child: any ComponentHandle, over link: SupervisorLink) async -> String {
    await withTaskGroup(of: Void.self) { [patience, logger, name] group in
      group.addTask {
        let isSilent = await patience.isLost { try await self.isAnswering(over: link) }
        guard isSilent else { return }
        logger.error(
          "component does not answer and is killed",
          metadata: ["component": "\(name)", "pid": "\(child.pid)"])
        child.kill()
      }
      let exit = await child.waitForExit()
      group.cancelAll()
      return exit
    }
  }

  /// One that only starts has limits of its own.
  ///
  /// - Throws: `link.closed`.
  private func isAnswering(over link: SupervisorLink) async throws -> Bool {
    guard case .running = lifecycle.phase else { return true }
    do {
      _ = try await within(patience.pause) { try await link.call(.report) }
      return true
    } catch let error as ApplianceError where error.code != .linkClosed {
      // An error of its own is an answer.
      return error.code != .processFailed
    }
  }

  /// Gives a fresh process the newest configuration.
  private func introduce(_ child: any ComponentHandle, over link: SupervisorLink) async {
    var sent: Digest?
    while let configuration = desired, configuration.digest != sent, lifecycle.phase != .stopped {
      sent = configuration.digest
      do {
        _ = try await configure(try await fresh(configuration), over: link)
      } catch let error as ApplianceError where error.code != .linkClosed {
        // Something else may be wanted by now; what was refused says nothing about that.
        if desired?.digest != configuration.digest { continue }
        refusal = (configuration.digest, error)
        child.kill()
        return changed.ring()
      } catch {
        logger.debug("component ended before it was configured")
        return changed.ring()
      }
    }
    if lifecycle.phase == .starting { lifecycle.run(pid: child.pid, at: now) }
    changed.ring()
  }

  /// With the secrets of now: those it was made with may have been revoked since.
  private func fresh(_ configuration: ComponentConfiguration) async throws -> ComponentConfiguration
  {
    guard let sealing else { return configuration }
    return configuration.sealed(try await sealing(configuration.settings))
  }

  /// One after the other: what is ordered later is in effect later.
  ///
  /// - Parameter isWanted: Asked when its turn has come.
  /// - Returns: `nil` when it was not wanted any more.
  private func configure(
    _ configuration: ComponentConfiguration, over link: SupervisorLink, if isWanted: () -> Bool
  ) async throws -> ComponentReport? {
    while isConfiguring {
      try Task.checkCancellation()
      await changed.wait(after: changed.generation, for: nil)
    }
    guard isWanted() else { return nil }
    isConfiguring = true
    defer {
      isConfiguring = false
      changed.ring()
    }
    let reply = try await within(Self.configureLimit) {
      try await link.call(.configure(configuration))
    }
    sealed = configuration.sealed
    guard case .report(let report) = reply else {
      throw ApplianceError(.malformed, "\(name) answered a configuration with something else")
    }
    return report
  }

  private func configure(
    _ configuration: ComponentConfiguration, over link: SupervisorLink
  ) async throws -> ComponentReport {
    guard let report = try await configure(configuration, over: link, if: { true }) else {
      throw ApplianceError(.inconsistent, "\(name) was not configured")
    }
    return report
  }

  private func waitUntilRunning(_ digest: Digest) async throws -> ComponentReport {
    let deadline = clock.now + Self.configureLimit
    while clock.now < deadline {
      try Task.checkCancellation()
      let seen = changed.generation
      if let report = await report(), report.digest == digest { return report }
      if let refusal, refusal.digest == digest { throw refusal.error }
      if lifecycle.phase == .stopped { break }
      await changed.wait(after: seen, for: .milliseconds(500))
    }
    throw ApplianceError(
      .processFailed, "\(name) is not running: \(lifecycle.lastExit ?? "no answer")",
      hint: "see its log lines on the appliance's standard error")
  }

  private func within<Value: Sendable>(
    _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await TimeLimit.run(limit, body) { [name] in
      ApplianceError(.processFailed, "\(name) did not answer within \(limit)")
    }
  }
}
