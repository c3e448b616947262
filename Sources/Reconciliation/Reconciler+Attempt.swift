// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import AuditLog
import ControlAPI
import DesiredState
import FoundationEssentials
import GitSource
import Planning
import Provenance
import Supervision

extension Reconciler {
  /// Plans a bundle and carries the plan out. A change that hurts is taken back.
  func attempt(_ bundle: AppliedBundle, _ request: Request) async -> PassOutcome {
    var plan: Plan?
    do {
      let applied = try files.appliedState()
      let made = try await makePlan(
        bundle, acknowledging: request.acknowledged ?? request.reviewed?.deletionsDigest,
        isRecorded: true, mode: request.mode)
      plan = made
      let accepted = try Self.approved(request.reviewed, made, now)
      plan = accepted
      let stored = bundles.readable()
      let isNew = stored?.digest != bundle.digest
      if let refused = Gates.verdict(on: accepted, bundle.state, isNew: isNew) { return refused }
      report.expected = bundle.state
      report.attempted = bundle.revision?.commit
      // A bundle that is lost, or lacks the signature that was demanded since, is stored again.
      let isRecorded =
        applied.revisions.applied == bundle.revision?.commit && !isNew
        && (bundle.evidence == nil || stored?.evidence?.id == bundle.evidence?.id)
      if accepted.isEmpty && isRecorded && begun.isEmpty {
        return try await keepUp(accepted, bundle)
      }
      // What an attempt that failed had done already is told with the pass that ends it.
      let isUntold = loop.attempt?.desired == bundle.digest
      try await carryOut(accepted, bundle, applied)
      return PassOutcome(accepted.isEmpty && !isUntold ? .noChange : .applied, plan: accepted)
    } catch let error as ApplianceError where error.code == .planStale {
      return PassOutcome(.planStale, plan: plan, error: error)
    } catch let error as PlanExecutor.Unpruned {
      return unpruned(error.cause, plan)
    } catch {
      return await settle(asApplianceError(error), bundle, plan)
    }
  }

  /// The change is in effect and healthy; what it removes is removed by a later pass.
  private func unpruned(_ error: ApplianceError, _ plan: Plan?) -> PassOutcome {
    do { try keepCompleted() } catch { report.note(asApplianceError(error)) }
    return PassOutcome(.failed, plan: plan, error: error)
  }

  func makePlan(
    _ bundle: AppliedBundle, acknowledging: Digest?, isRecorded: Bool, mode: Plan.Mode = .normal
  ) async throws -> Plan {
    var circumstances = PlanBuilder.Circumstances()
    circumstances.isStarting = isRecorded && isStarting
    circumstances.begun = isRecorded ? begun : [:]
    circumstances.mode = mode
    circumstances.isStale = report.isStale(at: now)
    circumstances.acknowledged = acknowledging
    return try await builder.plan(
      bundle.state, from: bundle.source, applied: try files.appliedState(), at: now, circumstances)
  }

  /// Nothing differs: only the components' health is looked at.
  private func keepUp(_ plan: Plan, _ bundle: AppliedBundle) async throws -> PassOutcome {
    if let problem = await outside.health().first {
      throw ApplianceError(.unhealthy, problem.message, hint: "kafclaw status")
    }
    isStarting = false
    try journal.clear()
    // An attempt that is still open was recorded, and its end was not told.
    let isUntold = loop.attempt?.desired == bundle.digest
    loop.attempt = nil
    if loop.lastGood?.desired != bundle.digest, let file = try bundles.file(of: bundle.digest) {
      noteHealthy(bundle, file)
    }
    return PassOutcome(isUntold ? .applied : .noChange, plan: plan)
  }

  /// Only what was reviewed is carried out.
  ///
  /// - Throws: `plan.stale` with what differs.
  private static func approved(_ reviewed: Plan?, _ made: Plan, _ now: Date) throws -> Plan {
    guard let reviewed else { return made }
    let comparison = PlanComparison(reviewed: reviewed, current: made, at: now)
    if let approved = comparison.approved { return approved }
    throw ApplianceError(
      .planStale,
      "the plan is not what would be done now:\n"
        + comparison.differences.map { "  \($0)" }.joined(separator: "\n"),
      hint: "make a new one: kafclaw apply --dry-run --plan-out FILE")
  }

  func carryOut(
    _ plan: Plan, _ bundle: AppliedBundle, _ applied: AppliedState, returning: Bool = false
  ) async throws {
    let lastGood = try lastGood()
    // What an earlier attempt changed, and what was applied while nothing ran, was never found
    // healthy: it has to be now.
    let isUnproved = loop.attempt != nil || isStarting
    // What an attempt that was given up made unhealthy, or the one that is taken back, is no excuse.
    if !returning && loop.attempt == nil { unhealthyBefore = await unhealthy(before: plan) }
    if plan.effective.contains(where: \.writes) {
      loop.begin(bundle.digest, commit: bundle.revision?.commit)
      try remember()
    }
    let executor = PlanExecutor(
      appliers: appliers, journal: journal, serial: applied.serial + 1, now: outside.now)
    let desired = builder.desired(bundle.state)
    // A change back to, or within, the last good state has nothing better to go back to; of one
    // that nobody can look at, waiting tells nothing.
    let soaks =
      outside.checksHealth && !returning && lastGood != nil && lastGood?.digest != bundle.digest
    let gate = HealthGate(
      bundle.state.spec.reconcile.health, unhealthyBefore: unhealthyBefore,
      soaks: soaks && (plan.touchesComponents || isUnproved))
    let isWriting = plan.effective.contains(where: \.writes)
    let effect = {
      try await executor.execute(plan, of: bundle.state, desired: desired) {
        try await self.waitForHealth(gate, bundle, isInterruptible: soaks)
      }
      try self.confirm(plan, bundle, applied, desired)
    }
    guard isWriting else { return try await effect() }
    try await audited(
      returning ? .goBack : .apply, on: bundle.revision?.tree ?? bundle.digest.short,
      commit: bundle.revision?.commit, details: Self.details(of: plan, bundle),
      isReturn: returning, effect)
  }

  /// The components that were unhealthy before anything was changed; none when nothing is, or when
  /// they were not started yet.
  private func unhealthy(before plan: Plan) async -> Set<String> {
    guard !isStarting, plan.effective.contains(where: \.writes) else { return [] }
    return Set(await outside.health().map(\.component))
  }

  /// The commit point: from here on this is the applied state, and where health was looked at the
  /// last good one.
  private func confirm(
    _ plan: Plan, _ bundle: AppliedBundle, _ before: AppliedState,
    _ desired: [ResourceAddress: ResourceFields]
  ) throws {
    var applied = before
    applied.record(
      plan, desired: desired, begun: begun.keys, commit: bundle.revision?.commit, at: now)
    applied.protected = builder.protected(bundle.state)
    let file = try bundles.store(
      bundle, serial: applied.serial, keeping: loop.lastGood?.bundle)
    try files.write(applied)
    try journal.clear()
    try settleTrust(bundle)
    (isStarting, begun) = (false, [:])
    loop.attempt = nil
    noteHealthy(bundle, file)
    report.verdict = policy?.verdict(on: bundle) ?? .notVerified
    report.interrupted = []
    report.corrected += plan.drift.filter(\.isEffective).count
  }

  private func noteHealthy(_ bundle: AppliedBundle, _ file: String) {
    guard outside.checksHealth else { return }
    loop.lastGood = LoopState.LastGood(
      bundle: file, desired: bundle.digest, commit: bundle.revision?.commit)
  }

  /// Commits up to an applied one need no second look. Going back to an older one settles nothing.
  private func settleTrust(_ bundle: AppliedBundle) throws {
    guard let commit = bundle.revision?.commit, var trust = try trustFiles.read(),
      trust.accepted == commit, trust.floor != commit
    else { return }
    trust.settle(commit, later: [])
    try trustFiles.write(trust)
  }

  /// Waits until the change is healthy. A newer commit or an operator ends the wait.
  private func waitForHealth(
    _ gate: HealthGate, _ bundle: AppliedBundle, isInterruptible: Bool
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.poll(gate) }
      if isInterruptible {
        group.addTask { try await self.watchForNewer(than: bundle.digest) }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func poll(_ gate: HealthGate) async throws {
    var gate = gate
    let clock = ContinuousClock()
    let start = clock.now
    var slept = Duration.zero
    var processes = await outside.processes()
    while true {
      let seen = await outside.processes()
      let restarted = seen.filter { $0.value != processes[$0.key] }.keys.sorted().map {
        HealthProblem($0, "\($0) ended and was started again", isFinal: false)
      }
      processes = seen
      let problems = await outside.health() + restarted
      switch gate.take(problems, elapsed: max(slept, clock.now - start)) {
      case .healthy: return
      case .failed(let message):
        throw ApplianceError(.unhealthy, message, hint: "kafclaw status")
      case .again(let pause):
        try await outside.sleep(pause)
        slept += pause
      }
    }
  }

  /// Ends with an error when something else is wanted by now; looks at every interval, and when
  /// somebody waits for the turn.
  private func watchForNewer(than digest: Digest) async throws {
    var seen = attention.generation
    var isFirst = true
    while true {
      let interval = report.expected?.spec.reconcile.interval.duration ?? .seconds(60)
      // Whoever waits already rang before there was anybody to hear it.
      if !isFirst || (waiters == 0 && aborts == 0) {
        await attention.wait(after: seen, for: interval)
      }
      isFirst = false
      try Task.checkCancellation()
      seen = attention.generation
      if aborts > 0 {
        throw ApplianceError(.superseded, "an operator ended the wait for health")
      }
      // Where an operator went back to stays, whatever is committed.
      guard loop.pin == nil else { continue }
      // `try?`: a source that fails now changes nothing about the change that is waited for.
      guard let reply = try? await outside.fetch(), case .valid(let state) = reply.outcome else {
        continue
      }
      try Task.checkCancellation()
      guard bundle(reply, state).digest != digest else { continue }
      isNewerWaiting = true
      throw ApplianceError(
        .superseded,
        "commit \(reply.revision?.commit.prefix(12) ?? "?") came while this one was "
          + "waited for")
    }
  }

  /// What a failed apply did complete is ours: without a record, taking it back would look like
  /// touching somebody else's.
  func keepCompleted() throws {
    let completed = try journal.completed()
    if !completed.isEmpty {
      var applied = try files.appliedState()
      for record in completed { applied.resources[record.address.text] = record.fields }
      try files.write(applied)
    }
    // What was only begun stays noted until a pass has succeeded.
    for record in try journal.begun() {
      let known = begun[record.address] ?? []
      if !known.contains(record.fields) { begun[record.address] = known + [record.fields] }
    }
    try journal.keepOpen()
  }
}

extension Plan {
  /// Whether a component gets other settings: only those can become unhealthy later.
  var touchesComponents: Bool {
    effective.contains { $0.kind == .component && $0.writes && $0.reason != .started }
  }
}

extension ApplianceError.Code {
  /// A component is not healthy with its configuration.
  public static let unhealthy = Self("component.unhealthy")
  /// A reviewed plan does not fit what would be done now.
  public static let planStale = Self("plan.stale")
}
