// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials

/// One condition before it has a time.
private struct Finding {
  let kind: Condition.Kind
  let status: Bool
  let reason: Condition.Reason
  let message: String

  init(_ kind: Condition.Kind, _ reason: Condition.Reason, _ message: String, status: Bool = true) {
    (self.kind, self.status, self.reason, self.message) = (kind, status, reason, message)
  }
}

extension ReconcileReport {
  /// Conditions with which the appliance does what was asked of it last.
  private static let harmless: Set<Condition.Kind> = [.drifted, .pinned, .reconciling]

  /// The conditions now, `Ready` first, each kind once.
  ///
  /// - Parameters:
  ///   - componentsHealthy: What the components themselves say.
  ///   - storageProblem: Why nothing can be stored.
  mutating func conditions(
    componentsHealthy: Bool, loop: LoopState, containment: Containment? = nil,
    storageProblem: String? = nil, at now: Date
  ) -> [Condition] {
    var seen: Set<Condition.Kind> = []
    let contained = containment.map {
      Finding(.contained, .containedByOperator, $0.words)
    }
    // One condition of a kind: what could not be observed for that is told with it.
    let storage = storageProblem.map {
      Finding(.degraded, .storageFailed, ([$0] + degraded).joined(separator: "; "))
    }
    let found = [contained, storage].compactMap(\.self) + findings(componentsHealthy, loop, now)
    let abnormal = found.filter { seen.insert($0.kind).inserted }
    let problem = abnormal.first { finding in
      !Self.harmless.contains(finding.kind) && finding.reason != .verificationDisabled
        && finding.reason != .appliedUnverified
    }
    let isReady = problem == nil && last != nil
    let ready = Finding(
      .ready,
      isReady
        ? .converged
        : (last == nil ? .notYetReconciled : problem?.reason)
          ?? .notYetReconciled,
      isReady ? "" : problem?.message ?? message, status: isReady)
    let all = [ready] + abnormal
    var transitions: [String: Date] = [:]
    let conditions = all.map { finding in
      let key = "\(finding.kind)=\(finding.status)"
      let start = since[key] ?? now
      transitions[key] = start
      return Condition(
        finding.kind, status: finding.status, reason: finding.reason, message: finding.message,
        lastTransition: start)
    }
    remember(transitions)
    return conditions
  }

  private func findings(
    _ componentsHealthy: Bool, _ loop: LoopState, _ now: Date
  ) -> [Finding] {
    var found = holds(loop)
    if let problem = outcomeFinding(loop) { found.append(problem) }
    if isStale(at: now) {
      found.append(Finding(.stale, .sourceTooOld, "the source was not read for too long"))
    }
    if !componentsHealthy {
      found.append(Finding(.degraded, .componentUnhealthy, "a component is not healthy"))
    } else if !degraded.isEmpty {
      found.append(Finding(.degraded, .observationFailed, degraded.joined(separator: "; ")))
    }
    if !reported.isEmpty {
      found.append(Finding(.drifted, .driftReported, reported.joined(separator: ", ")))
    }
    return found + provenance(loop)
  }

  private func holds(_ loop: LoopState) -> [Finding] {
    var found: [Finding] = []
    if let hold = loop.hold {
      let reason: Condition.Reason =
        switch hold.kind {
        case .suspended: .suspendedByOperator
        case .repeatedReturns: .repeatedReturns
        case .safe: .safeHold
        }
      let until = hold.until.map { ", until \($0.formatted(.iso8601))" } ?? ""
      let waits = waiting.map { "; commit \($0.prefix(12)) waits" } ?? ""
      found.append(Finding(.suspended, reason, hold.reason + until + waits))
    }
    if let pin = loop.pin {
      found.append(
        Finding(
          .pinned, .pinnedByOperator,
          "\(pin.commit?.prefix(12) ?? "a folder"): \(pin.reason), until "
            + pin.until.formatted(.iso8601)))
    }
    return found
  }

  private func outcomeFinding(_ loop: LoopState) -> Finding? {
    switch last {
    case nil, .noChange, .applied, .planStale: nil
    case .invalid: Finding(.stalled, .invalidDesiredState, message)
    case .denied: Finding(.stalled, .guardrailDenied, message)
    case .held: heldFinding
    case .sourceFailed: Finding(.stale, .sourceUnavailable, message)
    case .rejected: Finding(.stalled, .sourceRejected, message)
    case .failed: Finding(.degraded, .applyFailed, message)
    case .superseded: Finding(.reconciling, .waitingForHealth, message)
    case .rolledBack: Finding(.rolledBack, .returnedToLastGood, message)
    case .rollbackFailed: Finding(.degraded, .safeHold, message)
    }
  }

  /// Suspensions and pins have conditions of their own.
  private var heldFinding: Finding? {
    switch errorCode {
    case ApplianceError.Code.suspended?, ApplianceError.Code.pinned?: nil
    case ApplianceError.Code.quarantined?: Finding(.quarantined, .changeQuarantined, message)
    default: Finding(.held, .changesHeld, message)
    }
  }

  private func provenance(_ loop: LoopState) -> [Finding] {
    switch verdict {
    case .verified: []
    case .rejected(let why):
      [Finding(.sourceUnverified, .signatureNoLongerValid, "the applied commit: \(why)")]
    case .unsigned:
      [Finding(.sourceUnverified, .appliedUnverified, "what is applied came without a signature")]
    case .notVerified:
      [Finding(.sourceUnverified, .verificationDisabled, "appliance.yaml says verify: none")]
    }
  }
}
