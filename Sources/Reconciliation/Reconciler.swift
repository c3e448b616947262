// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import ControlAPI
public import DesiredState
public import DurableIO
public import FoundationEssentials
import GitSource
import Planning
import Supervision

/// Moves the appliance to its desired state, one pass at a time.
///
/// A pass reads top to bottom: fetch, decode, plan, gates, journal, apply, health, prune, record.
public actor Reconciler {
  public typealias Fetch = @Sendable () async throws -> SourceReply

  private let source: SourceSpec
  private let builder: PlanBuilder
  private let appliers: [any ResourceApplier]
  private let paths: AppliancePaths
  private let files: ReconcilerFiles
  private let journal: ReconcileJournal
  private let history: ReconcileHistory
  private let fetch: Fetch
  private let health: @Sendable () async throws -> Void
  private let now: @Sendable () -> Date

  private var report = ReconcileReport()
  private var isRunning = false
  /// Until the first pass has succeeded, components are down because nobody started them yet.
  private var isStarting = true
  private var restarts = RestartLog()
  /// What an apply that was cut off had begun: where it is found to have happened, it is ours.
  private var begun: [ResourceAddress: ResourceFields?] = [:]

  /// - Parameter fetch: The newest desired state of the configured source.
  /// - Parameter health: Throws while a component is not healthy with its configuration.
  public init(
    host: String?, source: SourceSpec, paths: AppliancePaths, appliers: [any ResourceApplier],
    isReview: Bool = false, fetch: @escaping Fetch,
    health: @escaping @Sendable () async throws -> Void,
    now: @escaping @Sendable () -> Date = { Date() }
  ) {
    self.source = source
    self.paths = paths
    self.appliers = appliers
    self.fetch = fetch
    self.health = health
    self.now = now
    builder = PlanBuilder(
      host: host, paths: paths, appliers: appliers, isReview: isReview)
    files = ReconcilerFiles(paths)
    journal = ReconcileJournal(path: paths.journal)
    history = ReconcileHistory(paths)
  }

  /// What is known of the loop, for `status`.
  public var current: ReconcileReport { report }

  /// The conditions now, for `status`.
  public func conditions(
    componentsHealthy: Bool, verification: SourceVerification
  ) -> [Condition] {
    report.conditions(
      componentsHealthy: componentsHealthy, verification: verification, at: now())
  }

  /// Notes in the history that a component ended by itself and is started again.
  public func recordRestart(of component: ComponentName, because exit: String) throws {
    let address = ResourceAddress(.component, component.rawValue)
    guard restarts.admit(component, at: now()) else { return }
    report.corrected += 1
    try history.append(
      HistoryEntry(
        at: now(), serial: try files.appliedState().serial, trigger: .componentChange,
        outcome: .applied, commit: report.attempted,
        summary: "\(address.text) \(exit); started again",
        items: [.init(address: address, action: .create, reason: .deletedOutside)],
        justification: nil))
  }

  /// One pass over the configured source. When the source fails or its newest state is refused,
  /// the state that was applied last is still kept up.
  public func pass(_ trigger: Trigger) async -> PassOutcome {
    await exclusively {
      let reply: SourceReply
      do {
        reply = try await fetch()
        report.fetched(reply.revision, at: now())
      } catch {
        let outcome = PassOutcome(.sourceFailed, error: asApplianceError(error))
        if Task.isCancelled { return outcome }
        return await fallBack(from: outcome, trigger)
      }
      let outcome = await apply(reply, trigger, justification: nil)
      switch outcome.kind {
      case .invalid, .denied, .held: return await fallBack(from: outcome, trigger)
      case .noChange, .applied, .failed, .sourceFailed: return outcome
      }
    }
  }

  /// Applies a desired state that was handed over, not fetched. The loop goes back to the
  /// configured source with its next commit.
  public func apply(_ reply: SourceReply, justification: String) async -> PassOutcome {
    await exclusively {
      await apply(reply, .operatorRequest, justification: justification)
    }
  }

  /// What a pass would do; `nil` state plans the configured source.
  public func plan(_ given: SourceReply?) async -> PassOutcome {
    await exclusively {
      let reply: SourceReply
      do {
        if let given { reply = given } else { reply = try await fetch() }
      } catch {
        return PassOutcome(.sourceFailed, error: asApplianceError(error))
      }
      do {
        switch reply.outcome {
        case .invalid(let issues): return PassOutcome(.invalid, issues: issues)
        case .valid(let state):
          let plan = try await builder.plan(
            state, from: planSource(reply.revision), applied: try files.appliedState(), at: now())
          return Self.verdict(on: plan, state) ?? PassOutcome(.noChange, plan: plan)
        }
      } catch {
        return PassOutcome(.failed, error: asApplianceError(error))
      }
    }
  }

  /// Takes over what an apply that was cut off had done, once at start.
  public func recover() throws {
    report.interrupted = try journal.interrupted().map(\.text)
    for record in try journal.begun() { begun[record.address] = .some(record.fields) }
    try keepCompleted()
  }

  private func apply(
    _ reply: SourceReply, _ trigger: Trigger, justification: String?
  ) async -> PassOutcome {
    switch reply.outcome {
    case .invalid(let issues):
      let outcome = PassOutcome(.invalid, issues: issues)
      return finish(outcome, trigger, commit: reply.revision?.commit)
    case .valid(let state):
      let bundle = AppliedBundle(
        revision: reply.revision, source: planSource(reply.revision), state: state)
      return await apply(bundle, trigger, justification: justification)
    }
  }

  private func apply(
    _ bundle: AppliedBundle, _ trigger: Trigger, justification: String?, isFallback: Bool = false
  ) async -> PassOutcome {
    let outcome = await attempt(bundle)
    // While an older state is kept up, only what that did or could not do is news.
    guard !isFallback || [.applied, .failed].contains(outcome.kind) else { return outcome }
    return finish(
      outcome, trigger, commit: bundle.revision?.commit, justification: justification)
  }

  private func attempt(_ bundle: AppliedBundle) async -> PassOutcome {
    let commit = bundle.revision?.commit
    var plan: Plan?
    do {
      var applied = try files.appliedState()
      let made = try await builder.plan(
        bundle.state, from: bundle.source, applied: applied, at: now(),
        isStarting: isStarting, begun: begun)
      plan = made
      if let refused = Self.verdict(on: made, bundle.state) { return refused }
      report.expected = bundle.state
      report.attempted = commit
      let isRecorded = applied.revisions.applied == commit
      guard !made.isEmpty || !isRecorded else {
        try await health()
        (isStarting, begun) = (false, [:])
        try journal.clear()
        return PassOutcome(.noChange, plan: made)
      }
      try await carryOut(made, bundle, &applied)
      (isStarting, begun) = (false, [:])
      return PassOutcome(made.isEmpty ? .noChange : .applied, plan: made)
    } catch {
      return PassOutcome(.failed, plan: plan, error: keepCompleted(after: error))
    }
  }

  /// What a failed apply did complete is ours: without a record, taking it back would look like
  /// touching somebody else's.
  private func keepCompleted(after error: any Error) -> ApplianceError {
    do {
      try keepCompleted()
      return asApplianceError(error)
    } catch let second {
      report.note(asApplianceError(second))
      return asApplianceError(error)
    }
  }

  private func keepCompleted() throws {
    let completed = try journal.completed()
    if !completed.isEmpty {
      var applied = try files.appliedState()
      for record in completed { applied.resources[record.address.text] = record.fields }
      try files.write(applied)
    }
    // What was only begun stays noted until a pass has succeeded.
    if begun.isEmpty { try journal.clear() }
  }

  private func carryOut(
    _ plan: Plan, _ bundle: AppliedBundle, _ applied: inout AppliedState
  ) async throws {
    let desired = Dictionary(
      DesiredResources(bundle.state, paths: paths).all.map { ($0.address, $0.fields) },
      uniquingKeysWith: { first, _ in first })
    let executor = PlanExecutor(
      appliers: appliers, journal: journal, serial: applied.serial + 1, now: now)
    try await executor.execute(plan, of: bundle.state, desired: desired, health: health)
    // Only what was applied whole is worth going back to.
    if !files.isStored(bundle) { try files.write(bundle) }
    applied.record(plan, desired: desired, commit: bundle.revision?.commit, at: now())
    try files.write(applied)
    try journal.clear()
    report.interrupted = []
    report.corrected += plan.drift.filter(\.isEffective).count
  }

  /// Keeps the last applied state up while the newest one cannot be had.
  private func fallBack(from outcome: PassOutcome, _ trigger: Trigger) async -> PassOutcome {
    var keptPlan: Plan?
    do {
      if let bundle = try files.bundle(), try files.appliedState().serial > 0 {
        let kept = await apply(bundle, trigger, justification: nil, isFallback: true)
        keptPlan = kept.plan
        if kept.kind == .failed { return kept }
      }
    } catch {
      return finish(
        PassOutcome(.failed, error: asApplianceError(error)), trigger, commit: nil)
    }
    let finished = finish(outcome, trigger, commit: report.source?.commit)
    // What is really kept up is what drift is measured against.
    if let keptPlan { report.see(keptPlan) }
    return finished
  }

  /// Guardrails, missing mechanisms and the host's own refusals come before any write.
  private static func verdict(on plan: Plan, _ state: LoadedState) -> PassOutcome? {
    if !state.pending.isEmpty { return PassOutcome(.invalid, plan: plan, issues: state.pending) }
    if !plan.denials.isEmpty { return PassOutcome(.denied, plan: plan) }
    let holding = plan.refusals.filter { [.secretMissing, .folderIsolation].contains($0.reason) }
    return holding.isEmpty ? nil : PassOutcome(.held, plan: plan)
  }

  private func planSource(_ revision: GitRevision?) -> Plan.Source {
    Plan.Source(
      repository: revision == nil ? "folder" : source.repository, branch: revision?.branch,
      headCommit: revision?.commit, headTree: revision?.tree,
      verification: source.verify.rawValue)
  }

  private func finish(
    _ outcome: PassOutcome, _ trigger: Trigger, commit: String?, justification: String? = nil
  ) -> PassOutcome {
    // A pass that a stop cut off says nothing about the state.
    if outcome.kind == .failed && Task.isCancelled { return outcome }
    let isNew = report.accept(outcome, at: now())
    let serial = outcome.plan?.serial ?? 0
    let isNews = outcome.kind != .noChange && (isNew || outcome.kind == .applied)
    guard isNews || justification != nil else { return outcome }
    let entry = HistoryEntry(
      outcome, at: now(), serial: outcome.kind == .applied ? serial + 1 : serial,
      trigger: trigger, commit: commit, justification: justification)
    do {
      try history.append(entry)
    } catch {
      report.note(asApplianceError(error))
    }
    return outcome
  }

  /// One pass at a time: an actor alone would let two interleave at every `await`.
  private func exclusively(_ body: () async -> PassOutcome) async -> PassOutcome {
    while isRunning && !Task.isCancelled {
      await turns.wait(after: turns.generation, for: .seconds(1))
    }
    guard !isRunning else {
      return PassOutcome(.failed, error: ApplianceError(.stopping, "the appliance is stopping"))
    }
    isRunning = true
    let outcome = await body()
    isRunning = false
    turns.ring()
    return outcome
  }

  private let turns = WakeSignal()

  private func asApplianceError(_ error: any Error) -> ApplianceError {
    error as? ApplianceError ?? ApplianceError(.inconsistent, "\(type(of: error))")
  }
}

extension ApplianceError.Code {
  /// The appliance stops and does nothing more.
  public static let stopping = Self("reconciler.stopping")
}
