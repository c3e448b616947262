// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Planning
import Reconciliation
import Timeline

/// Who may write, channel by channel, and the lists that every channel knows: rows of the timeline
/// that every message is checked against.
struct SendersApplier: ResourceApplier {
  let kind = ResourceKind.senders
  /// The rows now; `nil` where there is no timeline yet.
  let rules: @Sendable () async throws -> AccessRules?
  /// `nil` in a plan, which changes nothing.
  let store: TimelineStore?

  func observe(_ names: Set<String>, of _: LoadedState) async -> [String: Observation] {
    do {
      let rules = try await rules()
      return Dictionary(uniqueKeysWithValues: names.map { ($0, Self.observe($0, rules)) })
    } catch {
      let why = ApplianceError.of(error).message
      return Dictionary(uniqueKeysWithValues: names.map { ($0, .unknown(why)) })
    }
  }

  func apply(_ name: String, desired: ResourceFields?, of state: LoadedState) async throws {
    guard let store else { throw ApplianceError(.inconsistent, "a plan must not be applied") }
    let rules = AccessRules(state.spec)
    guard name != SenderResource.tiers else {
      return try await store.setSenders(
        owners: rules.owners, internal: rules.internal, denied: rules.denied)
    }
    try await store.setChannel(name, desired == nil ? nil : rules.channels[name])
  }

  private static func observe(_ name: String, _ rules: AccessRules?) -> Observation {
    guard let rules else { return .absent }
    // A timeline without lists is one to which none were applied, or empty ones: both are the same
    // rows.
    if name == SenderResource.tiers { return .present(AccessFields.tiers(rules)) }
    return rules.channels[name].map { .present(AccessFields.of($0)) } ?? .absent
  }
}

/// The tool policy: a row of the timeline that every call is checked against.
struct ToolsApplier: ResourceApplier {
  let kind = ResourceKind.tools
  /// The rows now; `nil` where there is no timeline yet.
  let rules: @Sendable () async throws -> AccessRules?
  /// `nil` in a plan, which changes nothing.
  let store: TimelineStore?

  func observe(_ names: Set<String>, of _: LoadedState) async -> [String: Observation] {
    do {
      let found = try await rules().map { AccessFields.of($0.tools) }
      return Dictionary(
        uniqueKeysWithValues: names.map { name in
          (name, found.map { name == ToolResource.policy ? .present($0) : .absent } ?? .absent)
        })
    } catch {
      let why = ApplianceError.of(error).message
      return Dictionary(uniqueKeysWithValues: names.map { ($0, .unknown(why)) })
    }
  }

  func apply(_ name: String, desired: ResourceFields?, of state: LoadedState) async throws {
    guard let store else { throw ApplianceError(.inconsistent, "a plan must not be applied") }
    guard name == ToolResource.policy, desired != nil else { return }
    try await store.setToolPolicy(AccessRules(state.spec).tools)
  }
}
