// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import ControlAPI
public import DesiredState
public import FoundationEssentials
public import GitSource
import Planning

/// What the loop knows of itself, and the conditions that follow from it. A value.
public struct ReconcileReport: Sendable {
  /// The newest commit that was fetched.
  public fileprivate(set) var source: GitRevision?
  public fileprivate(set) var lastFetch: Date?
  public var attempted: String?
  /// The desired state that is being kept up.
  public var expected: LoadedState?
  /// Drift that was corrected since start.
  public var corrected = 0
  /// Drift that is only reported.
  public private(set) var reported: [String] = []
  /// Addresses an interrupted apply was about to change.
  public var interrupted: [String] = []
  /// How the newest pass ended; `nil` before the first.
  public private(set) var last: PassOutcome.Kind?
  public private(set) var message = ""
  private var degraded: [String] = []
  private var since: [String: Date] = [:]

  init() {}

  mutating func fetched(_ revision: GitRevision?, at now: Date) {
    source = revision ?? source
    lastFetch = now
  }

  /// Takes a pass's outcome; returns whether it differs from the one before.
  mutating func accept(_ outcome: PassOutcome, at now: Date) -> Bool {
    let text = Self.text(of: outcome)
    let isNew = last != outcome.kind || message != text
    last = outcome.kind
    message = text
    if [.noChange, .applied].contains(outcome.kind) { interrupted = [] }
    if let plan = outcome.plan { see(plan) }
    return isNew
  }

  /// Takes what a plan found out about drift and about resources that cannot be handled.
  mutating func see(_ plan: Plan) {
    let drifted = plan.changes.filter { $0.blocked != nil && !plan.refusals.contains($0) }
    reported = drifted.map(\.address.text)
    let unhandled = plan.refusals.filter { [.readFailed, .notOurs].contains($0.reason) }
    degraded = unhandled.map { "\($0.address.text): \($0.blocked ?? "")" }
  }

  mutating func note(_ error: ApplianceError) { message = error.message }

  static func text(of outcome: PassOutcome) -> String {
    if let error = outcome.error { return error.message }
    if let issue = outcome.issues.first {
      return "\(outcome.issues.count) issues, first: \(issue.description)"
    }
    if outcome.kind == .denied, let denial = outcome.plan?.denials.first {
      return "\(denial.pack)/\(denial.id): \(denial.message)"
    }
    if outcome.kind == .held, let refusal = outcome.plan?.refusals.first {
      return "\(refusal.address.text): \(refusal.blocked ?? "")"
    }
    return outcome.plan.map(PlanText.verdict) ?? ""
  }

  /// The conditions now.
  ///
  /// - Parameter componentsHealthy: What the components themselves say.
  public mutating func conditions(
    componentsHealthy: Bool, verification: SourceVerification, at now: Date
  ) -> [Condition] {
    var found: [(Condition.Kind, Bool, Condition.Reason, String)] = []
    if let problem = problem { found.append((problem.0, true, problem.1, message)) }
    if !componentsHealthy {
      found.append((.degraded, true, .componentUnhealthy, "a component is not healthy"))
    } else if !degraded.isEmpty {
      found.append((.degraded, true, .observationFailed, degraded.joined(separator: "; ")))
    }
    if !reported.isEmpty {
      found.append((.drifted, true, .driftReported, reported.joined(separator: ", ")))
    }
    if verification == .none {
      found.append(
        (.sourceUnverified, true, .verificationDisabled, "appliance.yaml says verify: none"))
    }
    let isReady = componentsHealthy && problem == nil && last != nil
    let reason: Condition.Reason =
      isReady ? .converged : (last == nil ? .notYetReconciled : problem?.1 ?? .componentUnhealthy)
    found.insert((.ready, isReady, reason, isReady ? "" : message), at: 0)
    var seen: Set<Condition.Kind> = []
    found = found.filter { seen.insert($0.0).inserted }
    since = since.filter { key, _ in found.contains { key == "\($0.0)=\($0.1)" } }
    return found.map { kind, status, reason, message in
      let start = since["\(kind)=\(status)"] ?? now
      since["\(kind)=\(status)"] = start
      return Condition(
        kind, status: status, reason: reason, message: message, lastTransition: start)
    }
  }

  private var problem: (Condition.Kind, Condition.Reason)? {
    switch last {
    case nil, .noChange, .applied: nil
    case .invalid: (.stalled, .invalidDesiredState)
    case .denied: (.stalled, .guardrailDenied)
    case .held: (.held, .changesHeld)
    case .sourceFailed: (.stale, .sourceUnavailable)
    case .failed: (.degraded, .applyFailed)
    }
  }
}

extension AppliedState {
  /// Takes over what a plan did: resources that were written, adopted or forgotten.
  mutating func record(
    _ plan: Plan, desired: [ResourceAddress: ResourceFields], commit: String?, at now: Date
  ) {
    for change in plan.effective { resources[change.address.text] = desired[change.address] }
    if !plan.isEmpty { serial += 1 }
    revisions.applied = commit
    revisions.attempted = commit
    appliedAt = now
  }
}

extension HistoryEntry {
  init(
    _ outcome: PassOutcome, at: Date, serial: Int, trigger: Trigger, commit: String?,
    justification: String?
  ) {
    let effective = outcome.plan?.effective ?? []
    let items = effective.map { change in
      Item(address: change.address, action: change.actions.first ?? .noop, reason: change.reason)
    }
    self.init(
      at: at, serial: serial, trigger: trigger, outcome: outcome.kind, commit: commit,
      summary: ReconcileReport.text(of: outcome),
      items: outcome.kind == .applied || outcome.kind == .failed ? items : [],
      justification: justification)
  }
}
