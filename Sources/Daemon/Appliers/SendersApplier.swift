// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Planning
import Reconciliation
import Timeline

/// Sender lists and tiers: rows of the timeline that every message is checked against.
struct SendersApplier: ResourceApplier {
  let kind = ResourceKind.senders
  /// The rows now; `nil` where there is no timeline yet.
  let lists: @Sendable () async throws -> AccessLists?
  /// `nil` in a plan, which changes nothing.
  let store: TimelineStore?

  func observe(_ names: Set<String>, of _: LoadedState) async -> [String: Observation] {
    do {
      let lists = try await lists()
      return Dictionary(uniqueKeysWithValues: names.map { ($0, observe($0, lists)) })
    } catch {
      let why = (error as? ApplianceError)?.message ?? "\(type(of: error))"
      return Dictionary(uniqueKeysWithValues: names.map { ($0, .unknown(why)) })
    }
  }

  func apply(_ name: String, desired: ResourceFields?, of _: LoadedState) async throws {
    guard let store else { throw ApplianceError(.inconsistent, "a plan must not be applied") }
    if name == SenderResource.tiers {
      try await store.setTiers(Self.tiers(desired))
    } else {
      try await store.setChannel(
        name, policy: desired?["policy"]?.stringValue, senders: Self.texts(desired?["allow"]))
    }
  }

  private func observe(_ name: String, _ lists: AccessLists?) -> Observation {
    guard let lists else { return .absent }
    if name == SenderResource.tiers {
      // A timeline without tiers is one to which none were applied, or one with empty lists: both
      // are the same rows.
      return .present([
        "owners": Self.senders(lists, .owner), "internal": Self.senders(lists, .internal),
      ])
    }
    guard let policy = lists.policies[name] else {
      return lists.channels[name] == nil ? .absent : .present(["allow": Self.array(lists, name)])
    }
    return .present(["policy": .string(policy), "allow": Self.array(lists, name)])
  }

  private static func senders(_ lists: AccessLists, _ tier: SenderTier) -> JSONValue {
    let senders = lists.tiers.filter { $0.value == tier.rawValue }.keys.sorted()
    return .array(senders.map { .string($0) })
  }

  private static func array(_ lists: AccessLists, _ name: String) -> JSONValue {
    .array((lists.channels[name] ?? []).sorted().map { .string($0) })
  }

  private static func texts(_ value: JSONValue?) -> Set<String> {
    Set((value?.arrayValue ?? []).compactMap(\.stringValue))
  }

  private static func tiers(_ fields: ResourceFields?) -> [String: String] {
    var tiers: [String: String] = [:]
    for sender in texts(fields?["internal"]) { tiers[sender] = SenderTier.internal.rawValue }
    for sender in texts(fields?["owners"]) { tiers[sender] = SenderTier.owner.rawValue }
    return tiers
  }
}
