// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import DesiredState
import FoundationEssentials
import GitSource
import Planning

extension ApplianceError.Code {
  /// The desired state hurt this host before.
  public static let quarantined = Self("reconciler.quarantined")
  /// An operator suspended the loop, or it suspended itself.
  public static let suspended = Self("reconciler.suspended")
  /// An operator went back to an older state.
  public static let pinned = Self("reconciler.pinned")
  /// A newer commit, or an operator, ended the wait for health.
  public static let superseded = Self("reconciler.superseded")
  /// A failed change is tried again later.
  public static let waiting = Self("reconciler.waiting")
  /// The appliance stops and does nothing more.
  public static let stopping = Self("reconciler.stopping")
}

/// What stands between a plan and its first write. Pure.
enum Gates {
  /// The loop's own reasons not to take a desired state; `nil` when there are none.
  static func hold(_ desired: Digest, _ loop: LoopState) -> ApplianceError? {
    if let hold = loop.hold { return suspended(hold) }
    if let pin = loop.pin {
      return ApplianceError(
        .pinned,
        "pinned to \(pin.commit?.prefix(12) ?? "an older state") until "
          + "\(pin.until.formatted(.iso8601)): \(pin.reason)", hint: "kafclaw resume")
    }
    if let bad = loop.quarantined(desired) {
      return ApplianceError(
        .quarantined,
        "this desired state was taken back on \(bad.at.formatted(.iso8601)): \(bad.reason)",
        hint: "commit a change, or kafclaw resume --release \(bad.desired.short)")
    }
    return nil
  }

  static func suspended(_ hold: LoopState.Hold) -> ApplianceError {
    let until = hold.until.map { " until \($0.formatted(.iso8601))" } ?? ""
    return ApplianceError(
      .suspended, "\(hold.kind.rawValue)\(until): \(hold.reason)", hint: "kafclaw resume")
  }

  /// Guardrails, missing mechanisms and the plan's own refusals come before any write.
  ///
  /// - Parameter isNew: Something else was applied last. Of what is new, nothing is applied while a
  ///   part of it cannot be read; what is kept up is kept up as far as possible.
  static func verdict(on plan: Plan, _ state: LoadedState, isNew: Bool = false) -> PassOutcome? {
    if !state.pending.isEmpty { return PassOutcome(.invalid, plan: plan, issues: state.pending) }
    if !plan.denials.isEmpty { return PassOutcome(.denied, plan: plan) }
    var holding: Set<Change.Reason> = [
      .secretMissing, .secretWeak, .folderIsolation, .protected, .blastGuard, .stale,
    ]
    if isNew { holding.insert(.readFailed) }
    return plan.refusals.contains { holding.contains($0.reason) }
      ? PassOutcome(.held, plan: plan) : nil
  }
}

/// How an error is handled; every code belongs to one class.
enum ErrorClass {
  /// Goes away by itself: tried again, with backoff.
  case transient
  /// Disk full, permission: tried again, with backoff, and shown.
  case environment
  /// The source is not to be trusted: refused, the last good state stays.
  case integrity
  /// The change itself failed: taken back.
  case change

  static func of(_ error: ApplianceError) -> ErrorClass {
    let area = error.code.rawValue.prefix { $0 != "." }
    switch area {
    case "io", "timeline", "audit", "tomb", "secret", "crypto": return .environment
    case "provenance", "trust": return .integrity
    case "git":
      let refused: [ApplianceError.Code] = [
        .gitHistoryRewritten, .gitHostKey, .gitCertificate, .gitRedirect, .gitAddress,
      ]
      return refused.contains(error.code) ? .integrity : .transient
    case "source": return .integrity
    case "reconciler": return .transient
    default: return .change
    }
  }
}
