// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials

/// Compares desired, live and last applied state. Pure: same input, same plan.
public enum Planner {
  public static func plan(_ input: PlanInput) -> Plan {
    let desired = Dictionary(
      input.desired.map { ($0.address, $0.fields) }, uniquingKeysWith: { first, _ in first })
    var changes = compare(input, desired)
    refuse(input.refusals, in: &changes)
    DeletionGuards(input: input, desired: desired).apply(to: &changes)
    let visible = changes.filter { $0.actions != [.noop] || $0.blocked != nil }
    return Plan(
      mode: input.mode, created: input.created, notAfter: expiry(of: input),
      host: .init(name: input.host), source: input.source, serial: input.serial,
      changes: visible.sorted(by: isMoreSevere), unchanged: changes.count - visible.count,
      policy: input.policy, environment: input.environment.sorted { $0.path < $1.path },
      warnings: input.warnings, reach: visible.isEmpty ? [] : input.reach())
  }

  /// One change for every resource anybody knows of, in the order of addresses.
  private static func compare(
    _ input: PlanInput, _ desired: [ResourceAddress: ResourceFields]
  ) -> [Change] {
    let addresses = Set(desired.keys).union(input.applied.keys).union(input.observed.keys)
    return addresses.sorted().map { address in
      ResourceDiff(
        address: address, desired: desired[address],
        live: input.observed[address] ?? .unknown("it was not looked at"),
        applied: input.applied[address], driftPolicy: input.drift[address.kind] ?? .correct,
        isStarting: input.isStarting
      ).change()
    }
  }

  private static func refuse(_ refusals: [PlanRefusal], in changes: inout [Change]) {
    guard !refusals.isEmpty else { return }
    let byAddress = Dictionary(
      refusals.map { ($0.address, $0) }, uniquingKeysWith: { first, _ in first })
    for index in changes.indices {
      guard let refusal = byAddress[changes[index].address] else { continue }
      changes[index].block(refusal.reason, refusal.message)
    }
  }

  /// Whole seconds, as JSON writes them.
  private static func expiry(of input: PlanInput) -> Date {
    let seconds = input.created.timeIntervalSince1970 + TimeInterval(input.validity)
    return Date(timeIntervalSince1970: seconds.rounded(.down))
  }

  /// Deletions and refusals first, then by impact, then by address.
  private static func isMoreSevere(_ one: Change, _ other: Change) -> Bool {
    func rank(_ change: Change) -> Int {
      if change.isDeletion { return 0 }
      return change.blocked == nil ? 2 : 1
    }
    if rank(one) != rank(other) { return rank(one) < rank(other) }
    if one.impact != other.impact { return one.impact > other.impact }
    return one.address < other.address
  }
}
