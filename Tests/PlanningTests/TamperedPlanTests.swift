// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import Testing

@testable import Planning

/// A plan file that was changed by hand is found out, leaf by leaf.
struct TamperedPlanTests {
  /// What a plan tells besides what it binds. Commits, since a plan is bound to trees; words, since
  /// they are no identity.
  private static let unbound: Set<String> = [
    "created", "serial", "warnings", "environment", "engine.version", "source.base_commit",
    "source.head_commit", "source.verified", "source.verified_by", "policy.message",
    "policy.runbook", "policy.remedy", "changes.action_reason", "changes.blocked",
    "changes.reversible", "changes.fields.drift_from", "kind", "formatVersion",
    "summary.noop",
  ]

  private struct Leaf {
    /// Names of members without numbers of items.
    let name: String
    let pointer: JSONPointer
    let value: JSONValue
  }

  private func leaves(_ value: JSONValue, _ path: [String] = [], _ name: [String] = []) -> [Leaf] {
    switch value {
    case .object(let members):
      let isValue = ["before", "after", "drift_from"].contains(name.last)
      guard !isValue, !members.isEmpty else { break }
      return members.sorted { $0.key < $1.key }.flatMap { key, inner in
        leaves(inner, path + [key], name + [key])
      }
    case .array(let items) where !["before", "after", "drift_from"].contains(name.last):
      guard !items.isEmpty else { break }
      return items.enumerated().flatMap { index, inner in
        leaves(inner, path + ["\(index)"], name)
      }
    default: break
    }
    return [Leaf(name: name.joined(separator: "."), pointer: JSONPointer(path), value: value)]
  }

  /// Values that could stand there as well.
  private func others(_ value: JSONValue) -> [JSONValue] {
    switch value {
    case .bool(let flag): [.bool(!flag)]
    case .integer(let number): [.integer(number + 1)]
    case .string(let text):
      [.string(text + "x"), "delete", "update", "restart", "remove", "modes/x", "rollback"]
        .filter { $0 != value } + (text.hasSuffix("Z") ? ["2031-01-01T00:00:00Z"] : [])
    case .null, .array, .object: ["other"]
    }
  }

  private func replaced(_ value: JSONValue, _ tokens: ArraySlice<String>, _ new: JSONValue?)
    -> JSONValue?
  {
    guard let token = tokens.first else { return new }
    switch value {
    case .object(var members):
      guard let inner = members[token] else { return value }
      members[token] = replaced(inner, tokens.dropFirst(), new)
      return .object(members)
    case .array(var items):
      guard let index = Int(token) else { return value }
      guard let inner = replaced(items[index], tokens.dropFirst(), new) else {
        items.remove(at: index)
        return .array(items)
      }
      items[index] = inner
      return .array(items)
    default: return value
    }
  }

  private func isRefused(_ altered: Plan, _ plan: Plan) -> Bool {
    let found = PlanComparison(reviewed: altered, current: plan, at: plan.created)
    return !altered.verifyDigests() && !found.isSame
      && found.differences.contains { $0.hasPrefix("the plan file was altered: ") }
  }

  /// Whether the document is a plan that agrees with its digests.
  private func passes(_ document: JSONValue?) -> Bool {
    plan(document)?.verifyDigests() == true
  }

  private func plan(_ document: JSONValue?) -> Plan? {
    guard let document else { return nil }
    // `try?`: a file that is no plan is refused, too.
    return try? ApplianceJSON.decode(Plan.self, from: CanonicalJSON.bytes(document))
  }

  @Test func everyBoundLeafIsChecked() throws {
    let plan = Planner.plan(Plans.rich)
    let document = try ApplianceJSON.decode(JSONValue.self, from: ApplianceJSON.encode(plan))
    #expect(passes(document))
    var (tried, found) = (0, 0)
    for leaf in leaves(document) where !Self.isUnbound(leaf.name) {
      for other in others(leaf.value) + [nil] {
        let changed = replaced(document, leaf.pointer.tokens[...], other)
        // Dates are read generously: what is the same plan is no change.
        let altered = self.plan(changed)
        guard altered != plan else { continue }
        tried += 1
        let isFound = altered.map { isRefused($0, plan) } ?? true
        found += isFound ? 1 : 0
        #expect(isFound, "\(leaf.pointer.text): \(leaf.value) to \(String(describing: other))")
      }
    }
    print("changed plan files: \(found) of \(tried) found out")
    #expect(tried > 900)
  }

  private static func isUnbound(_ name: String) -> Bool {
    unbound.contains { name == $0 || name.hasPrefix($0 + ".") }
  }

  @Test func wordsMayBeChanged() throws {
    let plan = Planner.plan(Plans.rich)
    let document = try ApplianceJSON.decode(JSONValue.self, from: ApplianceJSON.encode(plan))
    for path in ["/created", "/serial", "/warnings/0", "/policy/0/message", "/source/head_commit"] {
      let pointer = try JSONPointer(parsing: path)
      let old = try #require(pointer.value(in: document))
      let new: JSONValue = path == "/serial" ? 7 : "2030-01-01T00:00:00Z"
      #expect(old != new)
      #expect(passes(replaced(document, pointer.tokens[...], new)), "\(path)")
    }
  }

  /// Somebody who removes a change, repeats one or moves it.
  @Test func changesAreAsTheyWere() throws {
    let plan = Planner.plan(Plans.rich)
    let document = try ApplianceJSON.decode(JSONValue.self, from: ApplianceJSON.encode(plan))
    let changes = try #require(document["changes"]?.arrayValue)
    for index in changes.indices {
      let less = changes.enumerated().filter { $0.offset != index }.map(\.element)
      #expect(!passes(replaced(document, ["changes"], .array(less))))
      #expect(!passes(replaced(document, ["changes"], .array(changes + [changes[index]]))))
    }
    #expect(passes(replaced(document, ["changes"], .array(changes.reversed()))), "order is none")
  }
}
