// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import DesiredState
import FoundationEssentials
import GitSource
public import Planning

extension Reconciler {
  /// What an operator asks of one apply, beside the desired state.
  public struct Request: Sendable {
    /// Why a folder is applied without verification.
    public var justification: String?
    /// The plan that was reviewed: nothing else is carried out.
    public var reviewed: Plan?
    /// Digest of deletions that are meant although they are many.
    public var acknowledged: Digest?
    /// Going back removes what came since, however much it is.
    var mode = Plan.Mode.normal

    public init(
      justification: String? = nil, reviewed: Plan? = nil, acknowledged: Digest? = nil
    ) {
      self.justification = justification
      self.reviewed = reviewed
      self.acknowledged = acknowledged
    }
  }

  /// One pass over the configured source. When the source fails or its newest state is refused,
  /// the last good state is still kept up.
  public func pass(_ trigger: Trigger, _ request: Request = Request()) async -> PassOutcome {
    await turn {
      let outcome = await followSource(trigger, request)
      switch outcome.kind {
      case .invalid, .denied, .held, .sourceFailed, .rejected:
        return await fallBack(from: outcome, trigger)
      case .noChange, .applied, .failed, .superseded, .rolledBack, .rollbackFailed, .planStale:
        return outcome
      }
    }
  }

  /// Applies a desired state that was handed over, not fetched. The loop goes back to the
  /// configured source with its next commit.
  public func apply(_ reply: SourceReply, _ request: Request) async -> PassOutcome {
    await turn {
      do { try readPolicy() } catch { report.note(asApplianceError(error)) }
      return await apply(reply, .operatorRequest, request)
    }
  }

  /// What a pass would do; `nil` plans the configured source. Writes nothing.
  public func plan(
    _ given: SourceReply?, acknowledging acknowledged: Digest? = nil
  ) async -> PassOutcome {
    await turn {
      let reply: SourceReply
      do {
        if let given { reply = given } else { reply = try await outside.peek() }
      } catch {
        return sourceOutcome(error)
      }
      do {
        guard case .valid(let state) = reply.outcome else { return invalid(reply) }
        let plan = try await makePlan(
          bundle(reply, state), acknowledging: acknowledged, isRecorded: false)
        if let refused = Gates.verdict(on: plan, state) { return refused }
        if let hold = Gates.hold(bundle(reply, state).digest, loop), given == nil {
          return PassOutcome(.held, plan: plan, error: hold)
        }
        return PassOutcome(.noChange, plan: plan)
      } catch {
        return PassOutcome(.failed, error: asApplianceError(error))
      }
    }
  }

  private func followSource(_ trigger: Trigger, _ request: Request) async -> PassOutcome {
    do {
      try readPolicy()
      let reply = try await candidate(trigger)
      report.fetched(reply, at: now)
      fetchBackoff.succeed()
      try accept(reply)
      return await apply(reply, trigger, request)
    } catch {
      let outcome = sourceOutcome(error)
      // A source that is refused is asked again after the usual time: what helps is another commit.
      let isWaitedFor = outcome.kind == .sourceFailed || outcome.error?.code == .sourceRefused
      guard !Task.isCancelled, outcome.error?.code != .waiting, isWaitedFor else { return outcome }
      fetchBackoff.fail(
        outcome.error?.message ?? "", at: now, jitter: 0.5 + outside.random())
      return outcome
    }
  }

  /// The newest commit, judged by the signers of now. After a failed fetch the next regular ones are
  /// left out.
  private func candidate(_ trigger: Trigger) async throws -> SourceReply {
    let isAwaited = isNewerWaiting
    isNewerWaiting = false
    if trigger == .interval, !isAwaited, let rest = fetchBackoff.remaining(at: now) {
      throw ApplianceError(
        .waiting, "\(report.message.isEmpty ? "the source failed" : report.message)",
        hint: "tried again in \(Int(rest) + 1) s")
    }
    return try await outside.fetch()
  }

  /// Remembers a verified commit before anything of it is applied.
  private func accept(_ reply: SourceReply) throws {
    guard let revision = reply.revision, let provenance = reply.provenance else { return }
    let before = try trustFiles.read()
    var trust =
      before
      ?? SourceTrust(
        accepted: revision.commit, received: [revision.commit: now], context: provenance.context)
    trust.accept(
      provenance.commits, tip: revision.commit, at: now, in: provenance.context)
    if trust != before { try trustFiles.write(trust) }
  }

  /// Reads the signers again: a key that was revoked counts no longer, whatever it signed.
  func readPolicy() throws {
    let policy = try outside.policy()
    if self.policy?.digest != policy.digest { fetchBackoff.succeed() }
    self.policy = policy
    report.verdict = bundles.readable().map { policy.verdict(on: $0) } ?? .notVerified
  }

  private func apply(
    _ reply: SourceReply, _ trigger: Trigger, _ request: Request
  ) async -> PassOutcome {
    guard case .valid(let state) = reply.outcome else {
      return finish(invalid(reply), trigger, commit: reply.revision?.commit)
    }
    let bundle = bundle(reply, state)
    if let hold = loop.hold, hold.forbidsWrites {
      return await held(bundle, Gates.suspended(hold), trigger)
    }
    if request.justification == nil {
      let hold = Gates.hold(bundle.digest, loop) ?? retryLater(bundle, trigger)
      if let hold { return await held(bundle, hold, trigger) }
    }
    return await apply(bundle, trigger, request)
  }

  /// A candidate that may not be applied now is still planned, so that people see what waits.
  private func held(
    _ bundle: AppliedBundle, _ hold: ApplianceError, _ trigger: Trigger
  ) async -> PassOutcome {
    do {
      let plan = try await makePlan(bundle, acknowledging: nil, isRecorded: false)
      report.waiting = plan.isEmpty ? nil : bundle.revision?.commit
      return PassOutcome(.held, plan: plan, error: hold)
    } catch {
      return PassOutcome(.held, error: hold)
    }
  }

  private func retryLater(_ bundle: AppliedBundle, _ trigger: Trigger) -> ApplianceError? {
    guard trigger == .interval,
      let rest = applyBackoff.remaining(bundle.digest.rawValue, at: now)
    else { return nil }
    return ApplianceError(
      .waiting, report.message, hint: "tried again in \(Int(rest) + 1) s")
  }

  func apply(
    _ bundle: AppliedBundle, _ trigger: Trigger, _ request: Request, isFallback: Bool = false
  ) async -> PassOutcome {
    let outcome = await attempt(bundle, request)
    if outcome.kind == .failed, !isFallback {
      applyBackoff.fail(bundle.digest.rawValue, at: now, jitter: 0.5 + outside.random())
    } else if [.applied, .noChange].contains(outcome.kind) {
      applyBackoff.succeed()
    }
    // While an older state is kept up, only what that did or could not do is news.
    guard !isFallback || Self.tells(outcome) else { return outcome }
    return finish(
      outcome, trigger, commit: bundle.revision?.commit, justification: request.justification)
  }

  /// Keeps the applied state, or the pinned one, up while the newest one cannot be had.
  func fallBack(from outcome: PassOutcome, _ trigger: Trigger) async -> PassOutcome {
    var keptPlan: Plan?
    do {
      if let kept = try keptBundle(), try files.appliedState().serial > 0 {
        if loop.hold?.forbidsWrites == true {
          let plan = try await makePlan(kept, acknowledging: nil, isRecorded: true)
          report.expected = kept.state
          try await startComponents(plan, kept)
          report.see(plan, isObserving: true)
          return finish(outcome, trigger, commit: report.source?.commit, sees: false)
        }
        let result = await apply(kept, trigger, Request(), isFallback: true)
        keptPlan = result.plan
        if Self.tells(result), result.kind != .applied { return result }
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

  /// An appliance that starts while it is suspended serves what it served before; nothing else is
  /// touched.
  private func startComponents(_ plan: Plan, _ kept: AppliedBundle) async throws {
    guard isStarting else { return }
    let desired = builder.desired(kept.state)
    for change in plan.effective where change.kind == .component && change.actions == [.create] {
      try await appliers.first { $0.kind == .component }?
        .apply(change.address.name, desired: desired[change.address], of: kept.state)
    }
    isStarting = false
  }

  /// The pinned state, else the one that was applied last, good or not yet proved; the last good one
  /// when that hurt.
  private func keptBundle() throws -> AppliedBundle? {
    if let pin = loop.pin, let pinned = try bundles.named(pin.bundle) { return pinned }
    if let applied = bundles.readable(), loop.quarantined(applied.digest) == nil { return applied }
    return try lastGood()
  }

  private static func tells(_ outcome: PassOutcome) -> Bool {
    [.applied, .failed, .rolledBack, .rollbackFailed].contains(outcome.kind)
  }

  private func invalid(_ reply: SourceReply) -> PassOutcome {
    guard case .invalid(let issues) = reply.outcome else { return PassOutcome(.invalid) }
    return PassOutcome(.invalid, issues: issues)
  }

  private func sourceOutcome(_ error: any Error) -> PassOutcome {
    let error = asApplianceError(error)
    let isRejected = ErrorClass.of(error) == .integrity
    return PassOutcome(isRejected ? .rejected : .sourceFailed, error: error)
  }

  func bundle(_ reply: SourceReply, _ state: LoadedState) -> AppliedBundle {
    let revision = reply.revision
    let source = Plan.Source(
      repository: revision == nil ? "folder" : self.source.repository, branch: revision?.branch,
      headCommit: revision?.commit, headTree: revision?.tree,
      verification: revision == nil || policy?.verifies != true ? "none" : "signatures",
      verifiedBy: reply.provenance?.signer)
    return AppliedBundle(
      revision: revision, source: source, state: state,
      evidence: reply.provenance?.signer == nil ? nil : reply.provenance?.evidence)
  }

  func finish(
    _ outcome: PassOutcome, _ trigger: Trigger, commit: String?, justification: String? = nil,
    sees: Bool = true
  ) -> PassOutcome {
    // A pass that a stop cut off says nothing about the state.
    if [.failed, .superseded].contains(outcome.kind) && Task.isCancelled { return outcome }
    let isNew = report.accept(outcome, sees: sees, at: now)
    if isNew { tellRefusal(outcome) }
    let serial = outcome.plan?.serial ?? 0
    let always: Set<PassOutcome.Kind> = [.applied, .rolledBack, .rollbackFailed]
    let isNews = outcome.kind != .noChange && (isNew || always.contains(outcome.kind))
    do {
      if isNews || justification != nil {
        try history.append(
          HistoryEntry(
            outcome, at: now, serial: outcome.kind == .applied ? serial + 1 : serial,
            trigger: trigger, commit: commit, justification: justification))
      }
      // Last: an attempt that ended and was not told is told by the next pass.
      try note(outcome)
    } catch {
      report.note(asApplianceError(error))
    }
    return outcome
  }

  /// A generation is observed once it was evaluated to an end.
  private func note(_ outcome: PassOutcome) throws {
    let isOpen: Set<PassOutcome.Kind> = [.sourceFailed, .failed, .superseded]
    guard !isOpen.contains(outcome.kind) else { return }
    let holds = JSONValue.string("\(String(describing: loop.hold))\(String(describing: loop.pin))")
    let tree = report.source?.tree ?? ""
    loop.take(
      inputs: builder.inputDigest([
        .string(tree), .string(policy?.digest.rawValue ?? ""), holds,
        .string(ApplianceVersion.current),
      ]))
    loop.observedGeneration = loop.generation
    try remember()
  }
}
