// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials
import SodiumCrypto

/// Everything a plan depends on.
public struct PlanInput: Sendable {
  public var host = ""
  public var source = Plan.Source(
    repository: "", branch: nil, headCommit: nil, headTree: nil, verification: "none")
  /// Counts the applies of this host.
  public var serial = 0
  public var created = Date(timeIntervalSince1970: 0)
  /// The appliance has just been started: components that are not running are no drift.
  public var isStarting = false
  public var desired: [Resource] = []
  public var observed: [ResourceAddress: Observation] = [:]
  public var applied: [ResourceAddress: ResourceFields] = [:]
  public var drift: [ResourceKind: DriftHandling] = [:]
  /// Addresses (or fields of the desired state) that must not be applied, with the reason.
  public var refusals: [PlanRefusal] = []
  public var policy: [Plan.PolicyResult] = []
  public var environment: [Plan.EnvironmentValue] = []
  public var warnings: [String] = []

  public init() {}
}

/// A resource that must not be applied whatever the comparison says.
public struct PlanRefusal: Sendable {
  public let address: ResourceAddress
  public let reason: Change.Reason
  public let message: String

  public init(_ address: ResourceAddress, _ reason: Change.Reason, _ message: String) {
    self.address = address
    self.reason = reason
    self.message = message
  }
}

/// Compares desired, live and last applied state. Pure: same input, same plan.
public enum Planner {
  public static func plan(_ input: PlanInput) -> Plan {
    let desired = Dictionary(
      input.desired.map { ($0.address, $0.fields) }, uniquingKeysWith: { first, _ in first })
    let addresses = Set(desired.keys).union(input.applied.keys).union(input.observed.keys)
    let all = addresses.sorted().map { address in
      let change = ResourceDiff(
        address: address, desired: desired[address],
        live: input.observed[address] ?? .unknown("it was not looked at"),
        applied: input.applied[address], driftPolicy: input.drift[address.kind] ?? .correct,
        isStarting: input.isStarting
      ).change()
      return refuse(change, input.refusals)
    }
    let visible = all.filter { $0.actions != [.noop] || $0.blocked != nil }
    return Plan(
      formatVersion: 1, format: "1.0", kind: "plan", created: input.created,
      engine: .init(version: ApplianceVersion.current), host: .init(name: input.host),
      source: input.source, serial: input.serial, effectDigest: effectDigest(of: visible),
      summary: summary(all), changes: visible.sorted(by: severity), policy: input.policy,
      environment: input.environment.sorted { $0.path < $1.path }, warnings: input.warnings)
  }

  private static func refuse(_ change: Change, _ refusals: [PlanRefusal]) -> Change {
    guard let refusal = refusals.first(where: { $0.address == change.address }) else {
      return change
    }
    return Change(
      address: change.address, kind: change.kind, actions: change.actions, reason: refusal.reason,
      impact: change.impact, wave: change.wave, reversible: change.reversible,
      protected: change.protected, blocked: refusal.message, fields: change.fields)
  }

  /// Deletions and refusals first, then by impact, then by address.
  private static func severity(_ one: Change, _ other: Change) -> Bool {
    func rank(_ change: Change) -> Int {
      if change.actions.contains(.delete) { return 0 }
      return change.blocked == nil ? 2 : 1
    }
    if rank(one) != rank(other) { return rank(one) < rank(other) }
    if one.impact != other.impact { return one.impact > other.impact }
    return one.address < other.address
  }

  private static func summary(_ changes: [Change]) -> Plan.Summary {
    var summary = Plan.Summary()
    for change in changes {
      if change.blocked != nil { summary.blocked += 1 }
      if [.drift, .deletedOutside].contains(change.reason) { summary.drift += 1 }
      guard change.blocked == nil else { continue }
      summary.impactMax = max(summary.impactMax, change.impact)
      for action in change.actions {
        switch action {
        case .create: summary.create += 1
        case .update: summary.update += 1
        case .delete: summary.delete += 1
        case .adopt: summary.adopt += 1
        case .forget: summary.forget += 1
        case .noop: summary.noop += 1
        }
      }
    }
    return summary
  }

  /// Identity of what would happen: no times, no order, no rendering.
  static func effectDigest(of changes: [Change]) -> Digest {
    let effects = changes.sorted { $0.address < $1.address }.map { change -> JSONValue in
      [
        "address": .string(change.address.text),
        "actions": .array(change.actions.map { .string($0.rawValue) }),
        "impact": .string(change.impact.rawValue),
        "blocked": change.blocked.map { .string($0) } ?? .null,
        "fields": .array(
          change.fields.map { field in
            [
              "path": .string(field.path), "op": .string(field.operation.rawValue),
              "before": field.before ?? .null, "after": field.after ?? .null,
            ]
          }),
      ]
    }
    return SHA256.digest(.array(effects))
  }
}
