// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport

@testable import Planning

/// A host as a value: what is there, and what was applied last.
struct PlanModel: Equatable {
  var live: [ResourceAddress: ResourceFields] = [:]
  var applied: [ResourceAddress: ResourceFields] = [:]

  var observations: [ResourceAddress: Observation] {
    live.mapValues { .present($0) }
  }

  /// Does what the plan says and nothing else: values come from the plan, not from the desired
  /// state.
  mutating func apply(_ plan: Plan, desired: [ResourceAddress: ResourceFields]) {
    for change in plan.effective {
      switch change.actions.first {
      case .create, .update:
        var fields = live[change.address] ?? [:]
        for field in change.fields { fields[Self.name(of: field)] = field.after }
        live[change.address] = fields
      case .delete: live[change.address] = nil
      case .adopt, .forget, .noop, nil: break
      }
      applied[change.address] = desired[change.address]
    }
  }

  private static func name(of field: Change.Field) -> String {
    String(field.path.dropFirst()).replacing("~1", with: "/").replacing("~0", with: "~")
  }
}

/// Random states of a host.
struct StateGenerator {
  var random: SplitMix64

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
  }

  /// Few names and values, so that two states often speak of the same things.
  mutating func resources(
    _ kinds: [ResourceKind] = ResourceKind.allCases
  ) -> [ResourceAddress: ResourceFields] {
    var found: [ResourceAddress: ResourceFields] = [:]
    for _ in 0..<Int.random(in: 0...12, using: &random) {
      let kind = kinds.randomElement(using: &random) ?? .modes
      let name = ["a", "b", "c/d", "e~f"].randomElement(using: &random) ?? "a"
      found[ResourceAddress(kind, name)] = fields()
    }
    return found
  }

  mutating func fields() -> ResourceFields {
    var fields: ResourceFields = [:]
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let name = ["mode", "state", "a/b", "~x", "list"].randomElement(using: &random) ?? "mode"
      fields[name] = value()
    }
    return fields
  }

  mutating func value() -> JSONValue {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: .integer(Int64.random(in: 0...3, using: &random))
    case 1: .string(["", "0600", "running"].randomElement(using: &random) ?? "")
    case 2: .bool(Bool.random(using: &random))
    default: .array((0..<Int.random(in: 0...3, using: &random)).map { .integer(Int64($0)) })
    }
  }

  mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }
}

extension [ResourceAddress: ResourceFields] {
  var asDesired: [Resource] { map { Resource($0.key.kind, $0.key.name, $0.value) } }
}
