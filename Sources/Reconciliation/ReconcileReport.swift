// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
public import DesiredState
public import FoundationEssentials
public import GitSource
import Planning

/// What the loop knows of itself since its start. A value.
public struct ReconcileReport: Sendable {
  /// The newest commit that was fetched.
  public private(set) var source: GitRevision?
  public private(set) var lastFetch: Date?
  public var attempted: String?
  /// A newer commit that is not applied because something holds it.
  public var waiting: String?
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
  /// Stable code of the newest pass's error.
  private(set) var errorCode: ApplianceError.Code?
  /// What today's signers make of the applied state.
  var verdict = AppliedVerdict.notVerified
  private(set) var degraded: [String] = []
  private(set) var since: [String: Date] = [:]
  private var firstSeen: Date?

  init() {}

  mutating func fetched(_ reply: SourceReply, at now: Date) {
    source = reply.revision ?? source
    lastFetch = now
    waiting = nil
  }

  /// Takes a pass's outcome; returns whether it differs from the one before.
  mutating func accept(_ outcome: PassOutcome, sees: Bool = true, at now: Date) -> Bool {
    firstSeen = firstSeen ?? now
    // A pass that only waited for a later try knows nothing newer.
    if outcome.error?.code == .waiting { return false }
    let text = Self.text(of: outcome)
    let isNew = last != outcome.kind || message != text
    (last, message, errorCode) = (outcome.kind, text, outcome.error?.code)
    if [.noChange, .applied].contains(outcome.kind) { interrupted = [] }
    if sees, let plan = outcome.plan { see(plan) }
    return isNew
  }

  /// Takes what a plan found out about drift and about resources that cannot be handled.
  ///
  /// - Parameter isObserving: Nothing is corrected: all drift is only reported.
  mutating func see(_ plan: Plan, isObserving: Bool = false) {
    let drifted = isObserving ? plan.drift : plan.reportedDrift
    reported = drifted.map(\.address.text)
    let unhandled = plan.refusals.filter { [.readFailed, .notOurs].contains($0.reason) }
    degraded = unhandled.map { "\($0.address.text): \($0.blocked ?? "")" }
  }

  mutating func note(_ error: ApplianceError) { message = error.message }

  /// An operator changed a hold: what the newest pass said of it is over.
  mutating func changedByOperator() {
    guard last == .held else { return }
    (last, message, errorCode) = (.noChange, "", nil)
  }

  mutating func remember(_ transitions: [String: Date]) { since = transitions }

  /// Whether the source was not read for so long that nothing may be deleted: by default three
  /// intervals, at least ten minutes.
  func isStale(at now: Date) -> Bool {
    guard let from = lastFetch ?? firstSeen else { return false }
    let spec = expected?.spec.reconcile
    let limit = spec?.maxStaleness?.seconds ?? max(600, 3 * (spec?.interval.seconds ?? 60))
    return now.timeIntervalSince(from) > Double(limit)
  }

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
}

extension AppliedState {
  /// Takes over what a plan did: resources that were written, adopted or forgotten.
  ///
  /// - Parameter begun: What earlier attempts had begun: the plan saw whether it happened, and what
  ///   is as desired now is ours.
  mutating func record(
    _ plan: Plan, desired: [ResourceAddress: ResourceFields],
    begun: some Collection<ResourceAddress>, commit: String?, at now: Date
  ) {
    for change in plan.effective { resources[change.address.text] = desired[change.address] }
    let blocked = Set(plan.blocked.map(\.address))
    for address in begun where !blocked.contains(address) {
      resources[address.text] = desired[address]
    }
    if !plan.isEmpty { serial += 1 }
    revisions.applied = commit
    revisions.attempted = commit
    appliedTree = plan.source.headTree
    appliedAt = now
  }
}

extension HistoryEntry {
  private static let carriedOut: Set<PassOutcome.Kind> = [
    .applied, .failed, .rolledBack, .rollbackFailed,
  ]

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
      items: Self.carriedOut.contains(outcome.kind) ? items : [],
      justification: justification)
  }
}
