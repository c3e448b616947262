// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials

/// Whether what would be done now is what was reviewed.
///
/// Everything a plan is bound to must be the same: host, repository, trees, guardrail verdicts,
/// expiry, and each change it carries out, with the values it expects to find. Commits and branch may
/// differ, since merging makes another commit of the same tree. Resources the reviewed plan does not
/// touch may drift.
///
/// A deletion that the blast guard held back in the reviewed plan counts as reviewed: to carry it
/// out, plan again with the reviewed ``Plan/deletionsDigest`` among
/// ``PlanInput/acknowledgedDeletions``.
public struct PlanComparison: Sendable, Equatable {
  /// What differs, one line each, for people. Empty when nothing does.
  public let differences: [String]
  /// The current plan without the correction of drift that nobody reviewed, so that what is written
  /// is part of what was reviewed; the next pass sees to the rest. `nil` when anything differs.
  public let approved: Plan?

  public var isSame: Bool { differences.isEmpty }

  /// - Parameter reviewed: As it was read: nothing is believed of it.
  /// - Parameter current: As it was just made on this host.
  public init(reviewed: Plan, current: Plan, at now: Date) {
    let effects = EffectComparison(reviewed: reviewed, current: current)
    let lines =
      Self.damage(of: reviewed) + Self.bindings(reviewed, current, now)
      + Self.policy(reviewed, current) + effects.differences
    differences = lines.map(VisibleText.escape)
    approved = lines.isEmpty ? current.without(effects.unreviewed) : nil
  }

  /// A plan of another major version is not read at all.
  private static func damage(of reviewed: Plan) -> [String] {
    let major = reviewed.format.prefix { $0 != "." }
    guard major == "1", reviewed.formatVersion == 1, reviewed.kind == "plan" else {
      return ["the plan file was altered: format \(reviewed.format) is not 1"]
    }
    return reviewed.verifyDigests()
      ? [] : ["the plan file was altered: its contents do not have its digests"]
  }

  private static func bindings(_ reviewed: Plan, _ current: Plan, _ now: Date) -> [String] {
    let (old, new) = (reviewed.source, current.source)
    let bound: [(String, String?, String?)] = [
      ("host", reviewed.host.name, current.host.name),
      ("repository", old.repository, new.repository),
      ("tree", old.headTree, new.headTree),
      ("applied tree", old.baseTree, new.baseTree),
      ("engine", String(reviewed.engine.major), String(current.engine.major)),
      ("mode", reviewed.mode.rawValue, current.mode.rawValue),
    ]
    let lines = bound.filter { _, old, new in old != new }.map { name, old, new in
      "\(name): reviewed for \(quoted(old)), now \(quoted(new))"
    }
    guard now >= reviewed.notAfter else { return lines }
    return lines + ["expired at \(reviewed.notAfter.formatted(.iso8601))"]
  }

  private static func quoted(_ text: String?) -> String { text.map { "\"\($0)\"" } ?? "none" }

  private static func policy(_ reviewed: Plan, _ current: Plan) -> [String] {
    guard PlanIdentity.policy(reviewed.policy) != PlanIdentity.policy(current.policy) else {
      return []
    }
    let (old, new) = (verdicts(reviewed), verdicts(current))
    let names = Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
    guard !names.isEmpty else { return ["policy: other guardrails than the reviewed"] }
    return names.map { name in
      "policy \(name): reviewed as \(old[name] ?? "absent"), now \(new[name] ?? "absent")"
    }
  }

  /// The results of each guardrail at each place of the desired state.
  private static func verdicts(_ plan: Plan) -> [String: String] {
    Dictionary(grouping: plan.policy) { result in
      "\(result.pack)/\(result.id)" + (result.path.isEmpty ? "" : " at \(result.path)")
    }.mapValues { results in results.map(\.result).sorted().joined(separator: ", ") }
  }
}

extension Plan {
  /// The plan without these changes, with digests of its own.
  fileprivate func without(_ addresses: Set<ResourceAddress>) -> Plan {
    guard !addresses.isEmpty else { return self }
    return Plan(
      mode: mode, created: created, notAfter: notAfter, host: host, source: source,
      serial: serial, changes: changes.filter { !addresses.contains($0.address) },
      unchanged: summary.noop, policy: policy, environment: environment, warnings: warnings)
  }
}
