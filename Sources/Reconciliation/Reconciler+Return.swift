// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import FoundationEssentials
import GitSource
import Planning

extension Reconciler {
  /// Decides what a failed attempt leads to: a later try, or the last good state.
  func settle(
    _ error: ApplianceError, _ bundle: AppliedBundle, _ plan: Plan?
  ) async -> PassOutcome {
    // It came to an end here: only what a crash cuts off is counted.
    loop.attempt?.starts = 0
    do {
      try remember()
      try keepCompleted()
    } catch let second {
      report.note(asApplianceError(second))
      return PassOutcome(.failed, plan: plan, error: error)
    }
    if error.code == .superseded { return PassOutcome(.superseded, plan: plan, error: error) }
    guard let plan, !Task.isCancelled, ErrorClass.of(error) == .change else {
      return PassOutcome(.failed, plan: plan, error: error)
    }
    do {
      // `try?`: without a readable last good state there is nothing to go back to.
      guard let lastGood = try? lastGood(), lastGood.digest != bundle.digest else {
        return PassOutcome(.failed, plan: plan, error: error)
      }
      try isolate(bundle, plan, error)
      return await goBack(to: lastGood, from: bundle, plan, because: error)
    } catch let second {
      report.note(asApplianceError(second))
      return PassOutcome(.failed, plan: plan, error: error)
    }
  }

  /// Remembers the change as bad before anything is taken back: a crash in between must not try it
  /// again.
  private func isolate(_ bundle: AppliedBundle, _ plan: Plan, _ error: ApplianceError) throws {
    loop.isolate(
      LoopState.Quarantine(
        desired: bundle.digest, tree: bundle.revision?.tree, commit: bundle.revision?.commit,
        effect: plan.effectDigest, at: now, reason: error.message))
    loop.noteReturn(from: bundle.digest, at: now)
    loop.attempt = nil
    try remember()
  }

  private func goBack(
    to lastGood: AppliedBundle, from bundle: AppliedBundle, _ plan: Plan,
    because error: ApplianceError
  ) async -> PassOutcome {
    do {
      try await restore(lastGood)
      report.expected = lastGood.state
      let to = lastGood.revision.map { "commit \($0.commit.prefix(12))" } ?? "the last good state"
      return PassOutcome(
        .rolledBack, plan: plan,
        error: ApplianceError(
          error.code, "\(error.message); went back to \(to)",
          hint: "commit a change; this desired state is not tried again"))
    } catch let second {
      let second = asApplianceError(second)
      // What the return did complete is ours as well.
      do { try keepCompleted() } catch { report.note(asApplianceError(error)) }
      if ErrorClass.of(second) == .environment {
        report.note(second)
        return PassOutcome(.failed, plan: plan, error: second)
      }
      loop.hold = LoopState.Hold(
        .safe, reason: "going back failed: \(second.message)", since: now, until: nil)
      return PassOutcome(
        .rollbackFailed, plan: plan,
        error: ApplianceError(
          second.code, "\(error.message); going back failed too: \(second.message)",
          hint: "nothing more is written; repair, then kafclaw resume"))
    }
  }

  /// Brings the host back to a stored state: an ordinary plan with journal and health.
  func restore(_ lastGood: AppliedBundle) async throws {
    let applied = try files.appliedState()
    let plan = try await makePlan(
      lastGood, acknowledging: nil, isRecorded: true, mode: .rollback)
    if let refusal = plan.refusals.first {
      throw ApplianceError(
        .unhealthy, "\(refusal.address.text) cannot be brought back: \(refusal.blocked ?? "")",
        hint: "kafclaw status")
    }
    try await carryOut(plan, lastGood, applied, returning: true)
  }

  /// An apply that ended the program again and again is not tried once more.
  func countCrash() throws {
    guard let attempt = loop.attempt, attempt.starts >= LoopState.crashLimit else { return }
    let reason = "applying it was cut off \(attempt.starts) times"
    if try lastGood()?.digest == attempt.desired {
      loop.hold = LoopState.Hold(.safe, reason: reason, since: now, until: nil)
    } else {
      loop.isolate(
        LoopState.Quarantine(
          desired: attempt.desired, tree: nil, commit: attempt.commit, effect: attempt.desired,
          at: now, reason: reason))
    }
    loop.attempt = nil
    try remember()
  }
}
