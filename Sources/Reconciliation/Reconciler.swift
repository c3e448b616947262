// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import AuditLog
public import ControlAPI
public import DesiredState
public import DurableIO
public import FoundationEssentials
import Planning
import Supervision

/// Moves the appliance to its desired state, one pass at a time.
///
/// A pass reads top to bottom: fetch, verify, decode, plan, gates, journal, apply, health, prune,
/// confirm; or return to the last good state.
public actor Reconciler {
  /// The outside of a reconciler.
  public struct Surroundings: Sendable {
    /// The newest desired state of the configured source.
    public var fetch: @Sendable () async throws -> SourceReply
    /// The same without writing anything; what a plan looks at.
    public var peek: @Sendable () async throws -> SourceReply
    /// What is wrong with the components now.
    public var health: @Sendable () async -> [HealthProblem]
    /// Whether ``health`` says anything: of an appliance that is stopped nobody knows whether a
    /// change is good.
    public var checksHealth = true
    /// Records what is about to be done; what cannot be recorded is not done.
    public var audit: @Sendable ([AuditEvent]) throws -> Void
    /// The process of each component: another one is another life.
    public var processes: @Sendable () async -> [String: Int]
    /// Whom the host trusts now; read again before every pass.
    public var policy: @Sendable () throws -> TrustPolicy
    public var now: @Sendable () -> Date
    /// From 0 up to 1.
    public var random: @Sendable () -> Double
    /// Between two looks at the components' health.
    public var sleep: @Sendable (Duration) async throws -> Void

    public init(
      fetch: @escaping @Sendable () async throws -> SourceReply,
      peek: (@Sendable () async throws -> SourceReply)? = nil,
      health: @escaping @Sendable () async -> [HealthProblem] = { [] },
      audit: @escaping @Sendable ([AuditEvent]) throws -> Void = { _ in },
      processes: @escaping @Sendable () async -> [String: Int] = { [:] },
      policy: @escaping @Sendable () throws -> TrustPolicy = { .none },
      now: @escaping @Sendable () -> Date = { Date() },
      random: @escaping @Sendable () -> Double = { .random(in: 0..<1) },
      sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
      (self.fetch, self.peek) = (fetch, peek ?? fetch)
      (self.health, self.processes, self.policy) = (health, processes, policy)
      self.audit = audit
      (self.now, self.random, self.sleep) = (now, random, sleep)
    }
  }

  let source: SourceSpec
  let builder: PlanBuilder
  let appliers: [any ResourceApplier]
  let paths: AppliancePaths
  let files: ReconcilerFiles
  let bundles: BundleStore
  let trustFiles: SourceTrustFiles
  let journal: ReconcileJournal
  let history: ReconcileHistory
  let outside: Surroundings

  var report = ReconcileReport()
  /// As stored; read at the start of every turn.
  var loop = LoopState()
  var policy: TrustPolicy?
  /// Until the first pass has succeeded, components are down because nobody started them yet.
  var isStarting = true
  var restarts = RestartLog()
  /// What an apply that was cut off had begun: where it is found to have happened, it is ours.
  var begun: [ResourceAddress: [ResourceFields?]] = [:]
  var fetchBackoff = Backoff()
  var applyBackoff = Backoff()
  /// A newer candidate came while another one was waited for.
  var isNewerWaiting = false
  /// An operator wants the turn: whoever waits for health gives it up.
  let attention = WakeSignal()
  /// Operators who want the turn now, not when the wait for health is over.
  var aborts = 0
  /// Whoever wants the turn, to look for something newer at once.
  var waiters = 0
  /// Components that were unhealthy before the newest attempt.
  var unhealthyBefore: Set<String> = []

  private var isRunning = false
  private let turns = WakeSignal()

  public init(
    host: String?, source: SourceSpec, paths: AppliancePaths, appliers: [any ResourceApplier],
    isReview: Bool = false, outside: Surroundings
  ) {
    self.source = source
    self.paths = paths
    self.appliers = appliers
    self.outside = outside
    builder = PlanBuilder(host: host, paths: paths, appliers: appliers, isReview: isReview)
    files = ReconcilerFiles(paths)
    bundles = BundleStore(paths)
    trustFiles = SourceTrustFiles(paths)
    journal = ReconcileJournal(path: paths.journal)
    history = ReconcileHistory(paths)
  }

  /// What is known of the loop, for `status`.
  public var current: ReconcileReport { report }

  /// The conditions now, for `status`.
  ///
  /// - Parameter containment: What holds, stored or not.
  public func conditions(
    componentsHealthy: Bool, containment: Containment?, storageProblem: String? = nil
  ) -> [Condition] {
    report.conditions(
      componentsHealthy: componentsHealthy, loop: loop, containment: containment,
      storageProblem: storageProblem, at: now)
  }

  /// The commit that a change which hurts goes back to.
  public var lastGoodCommit: String? { loop.lastGood?.commit }

  /// Generation, quarantine and what waits, for `status`.
  public var loopStatus: ApplianceStatus.Reconcile {
    ApplianceStatus.Reconcile(
      generation: loop.generation, observedGeneration: loop.observedGeneration,
      quarantined: loop.quarantine.map(\.desired), waiting: report.waiting)
  }

  var now: Date { outside.now() }

  /// What a change that hurts goes back to; `nil` on a host where nothing was applied.
  func lastGood() throws -> AppliedBundle? {
    guard let good = loop.lastGood else { return try bundles.current() }
    if let applied = bundles.readable(), applied.digest == good.desired { return applied }
    return try bundles.named(good.bundle) ?? bundles.current()
  }

  /// How long the loop waits for the next pass: an interval, jittered by a tenth, or less when a
  /// failure is to be tried again.
  public var pause: Duration {
    if isNewerWaiting { return .zero }
    let interval = Double(report.expected?.spec.reconcile.interval.seconds ?? 60)
    let usual = interval * (0.9 + 0.2 * outside.random())
    let retries = [fetchBackoff.remaining(at: now), applyBackoff.remaining(at: now)]
    return .seconds(retries.compactMap { $0 }.reduce(usual) { min($0, max($1, 0.05)) })
  }

  /// Notes in the history that a component ended by itself and is started again.
  public func recordRestart(of component: ComponentName, because exit: String) throws {
    let address = ResourceAddress(.component, component.rawValue)
    guard restarts.admit(component, at: now) else { return }
    report.corrected += 1
    try history.append(
      HistoryEntry(
        at: now, serial: try files.appliedState().serial, trigger: .componentChange,
        outcome: .applied, commit: report.attempted,
        summary: "\(address.text) \(exit); started again",
        items: [.init(address: address, action: .create, reason: .deletedOutside)],
        justification: nil))
  }

  /// Takes over what an apply that was cut off had done, once at start.
  public func recover() throws {
    loop = try files.loopState()
    report.interrupted = try journal.interrupted().map(\.text)
    try sweepLeftovers()
    try keepCompleted()
    try trustFiles.heal()
    try countCrash()
  }

  /// Removes temporary files that a crash left behind. The agent's workspace is looked through only
  /// after an apply that was cut off.
  private func sweepLeftovers() throws {
    for folder in paths.folders + [paths.copies] { try Leftovers.sweep(folder) }
    guard loop.attempt != nil, let state = try bundles.current()?.state else { return }
    // `try?`: what the agent keeps to itself there is no reason not to start.
    try? Leftovers.sweep(paths.agentFolder(state.spec.agent.workspace), recursive: true)
  }

  /// One turn at a time: an actor alone would let two interleave at every `await`.
  func exclusively<Value: Sendable>(
    _ body: () async throws -> Value
  ) async throws -> Value {
    waiters += 1
    attention.ring()
    while isRunning && !Task.isCancelled {
      await turns.wait(after: turns.generation, for: .seconds(1))
    }
    waiters -= 1
    guard !isRunning else { throw ApplianceError(.stopping, "the appliance is stopping") }
    isRunning = true
    defer {
      isRunning = false
      turns.ring()
    }
    loop = try files.loopState()
    loop.expire(at: now)
    return try await body()
  }

  /// ``exclusively(_:)`` for passes: whatever keeps one from running is its outcome.
  func turn(_ body: () async -> PassOutcome) async -> PassOutcome {
    do {
      return try await exclusively(body)
    } catch {
      return PassOutcome(.failed, error: asApplianceError(error))
    }
  }

  /// Writes the loop's memory if it changed.
  func remember() throws {
    if try files.loopState() != loop { try files.write(loop) }
  }

  func asApplianceError(_ error: any Error) -> ApplianceError {
    ApplianceError.of(error)
  }
}
