// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials

/// What would be done to one host, and why: the form that is reviewed, stored and applied.
public struct Plan: Sendable, Codable, Equatable {
  public let formatVersion: Int
  /// Major and minor: a minor adds, a major is refused by older programs.
  public let format: String
  public let kind: String
  /// The first twelve digits of the plan digest, for people.
  public let id: String
  public let mode: Mode
  public let created: Date
  /// From then on the plan is not applied any more. Whole seconds.
  public let notAfter: Date
  public let engine: Engine
  public let host: Host
  public let source: Source
  public let serial: Int
  /// What would happen, and nothing else.
  public let effectDigest: Digest
  /// The verdicts of the guardrails.
  public let policyDigest: Digest
  /// The addresses to delete, held back by a guard or not; `nil` when there are none.
  public let deletionsDigest: Digest?
  /// What an approval binds: effects, host, trees, verdicts and expiry.
  public let planDigest: Digest
  public let summary: Summary
  /// Every resource that differs, most severe first; unchanged ones are only counted.
  public let changes: [Change]
  public let policy: [PolicyResult]
  public let environment: [EnvironmentValue]
  public let warnings: [String]
  /// Whose reach changes; `nil` when nobody's does.
  public let reach: [Reach]?

  enum CodingKeys: String, CodingKey {
    case formatVersion, kind, mode, created, engine, host, source, serial, summary, changes
    case policy, environment, warnings, reach
    case format = "format_version"
    case id = "plan_id"
    case notAfter = "not_after"
    case effectDigest = "effect_digest"
    case policyDigest = "policy_digest"
    case deletionsDigest = "deletions_digest"
    case planDigest = "plan_digest"
  }

  /// A plan with the digests of its contents.
  init(
    mode: Mode, created: Date, notAfter: Date, host: Host, source: Source, serial: Int,
    changes: [Change], unchanged: Int, policy: [PolicyResult], environment: [EnvironmentValue],
    warnings: [String], reach: [Reach] = []
  ) {
    formatVersion = 1
    format = "1.0"
    kind = "plan"
    engine = Engine(version: ApplianceVersion.current)
    (self.mode, self.created, self.notAfter) = (mode, created, notAfter)
    (self.host, self.source, self.serial) = (host, source, serial)
    (self.changes, self.policy) = (changes, policy)
    (self.environment, self.warnings) = (environment, warnings)
    self.reach = reach.isEmpty ? nil : reach
    summary = Summary(of: changes, unchanged: unchanged)
    let identity = PlanIdentity(
      format: format, mode: mode, engine: engine, host: host, source: source, changes: changes,
      policy: policy, reach: self.reach, notAfter: notAfter)
    effectDigest = identity.effects
    policyDigest = identity.policy
    deletionsDigest = identity.deletions
    planDigest = identity.plan
    id = identity.plan.short
  }
}

extension Plan {
  /// The changes that applying carries out, in order.
  public var effective: [Change] {
    changes.filter(\.isEffective).sorted { $0.address < $1.address }
  }

  public var isEmpty: Bool { !changes.contains(where: \.isEffective) }

  public var blocked: [Change] { changes.filter { $0.blocked != nil } }

  /// Blocked for another reason than a drift policy that asks for a report.
  public var refusals: [Change] { blocked.filter { !$0.isReportedDrift } }

  /// Blocked because a drift policy asks for a report only.
  public var reportedDrift: [Change] { changes.filter(\.isReportedDrift) }

  /// Drift that was found, corrected or only reported.
  public var drift: [Change] {
    changes.filter { [.drift, .deletedOutside, .overridesExternal].contains($0.reason) }
  }

  public var denials: [PolicyResult] { policy.filter { $0.result == "deny" } }

  public var isDestructive: Bool {
    changes.contains { $0.isDeletion || ($0.blocked != nil && !$0.isReportedDrift) }
  }
}

extension Change {
  fileprivate var isReportedDrift: Bool {
    blocked != nil && (reason == .drift || reason == .deletedOutside)
  }
}
