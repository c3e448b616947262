// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Planning

/// The comparison of last applied, live and desired, row by row.
struct ThreeWayTableTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let meaning: String
    let kind: ResourceKind
    let applied: ResourceFields?
    let live: Observation
    let desired: ResourceFields?
    let actions: [Change.Action]
    let reason: Change.Reason
    /// Whether the plan says that it won't be done.
    var isBlocked = false
    /// `path op before→after` of every field.
    var fields: [String] = []

    var testDescription: String { "\(meaning) (\(kind.rawValue))" }

    var change: Change {
      ResourceDiff(
        address: ResourceAddress(kind, "it"), desired: desired, live: live, applied: applied,
        driftPolicy: .correct
      ).change()
    }
  }

  private static let one: ResourceFields = ["mode": "0600"]
  private static let two: ResourceFields = ["mode": "0640"]
  private static let other: ResourceFields = ["mode": "0777"]

  private static func rows(_ kind: ResourceKind) -> [Row] {
    [
      Row(
        meaning: "a a a: converged", kind: kind, applied: one, live: .present(one), desired: one,
        actions: [.noop], reason: .converged),
      Row(
        meaning: "a a b: intentional change", kind: kind, applied: one, live: .present(one),
        desired: two, actions: [.update], reason: .intentional,
        fields: ["/mode change 0600→0640"]),
      Row(
        meaning: "a x a: drift", kind: kind, applied: one, live: .present(other), desired: one,
        actions: [.update], reason: .drift, fields: ["/mode change 0777→0600 was 0600"]),
      Row(
        meaning: "a b b: somebody did it already", kind: kind, applied: one, live: .present(two),
        desired: two, actions: [.adopt], reason: .alreadyDone),
      Row(
        meaning: "a x b: change on top of drift", kind: kind, applied: one, live: .present(other),
        desired: two, actions: [.update], reason: .overridesExternal,
        fields: ["/mode change 0777→0640 was 0600"]),
      Row(
        meaning: "a ∅ a: deleted outside", kind: kind, applied: one, live: .absent, desired: one,
        actions: [.create], reason: .deletedOutside, fields: ["/mode add →0600"]),
      Row(
        meaning: "a ∅ b: deleted outside and changed", kind: kind, applied: one, live: .absent,
        desired: two, actions: [.create], reason: .overridesExternal, fields: ["/mode add →0640"]),
      Row(
        meaning: "a a ∅: removed from git", kind: kind, applied: one, live: .present(one),
        desired: nil, actions: [.delete], reason: .removed, fields: ["/mode remove 0600→"]),
      Row(
        meaning: "a ∅ ∅: both gone", kind: kind, applied: one, live: .absent, desired: nil,
        actions: [.forget], reason: .alreadyDone),
      Row(
        meaning: "∅ ∅ b: new", kind: kind, applied: nil, live: .absent, desired: two,
        actions: [.create], reason: .intentional, fields: ["/mode add →0640"]),
      Row(
        meaning: "∅ b b: found as desired", kind: kind, applied: nil, live: .present(two),
        desired: two, actions: [.adopt], reason: .alreadyDone),
      Row(
        meaning: "∅ x ∅: foreign", kind: kind, applied: nil, live: .present(other), desired: nil,
        actions: [.noop], reason: .notOurs),
      Row(
        meaning: "∅ ∅ ∅: nothing", kind: kind, applied: nil, live: .absent, desired: nil,
        actions: [.noop], reason: .converged),
    ]
  }

  /// `∅ x b`: who may own it besides us decides.
  private static func foreign(_ kind: ResourceKind) -> Row {
    Row(
      meaning: "∅ x b: exists, never ours", kind: kind, applied: nil, live: .present(other),
      desired: two, actions: [.update], reason: kind == .workspace ? .notOurs : .intentional,
      isBlocked: kind == .workspace, fields: ["/mode change 0777→0640"])
  }

  static let table = ResourceKind.allCases.flatMap { rows($0) + [foreign($0)] }

  @Test(arguments: ThreeWayTableTests.table)
  func comparisonFollowsTheTable(row: Row) {
    let change = row.change
    #expect(change.actions == row.actions)
    #expect(change.reason == row.reason)
    #expect((change.blocked != nil) == row.isBlocked)
    #expect(change.fields.map(text) == row.fields)
    #expect(change.address == ResourceAddress(row.kind, "it"))
  }

  @Test(arguments: ThreeWayTableTests.table)
  func onlyChangesThatTouchTheHostWrite(row: Row) {
    let writing: [Change.Action] = [.create, .update, .delete]
    let isWriting = row.actions.contains { writing.contains($0) }
    #expect(row.change.writes == (isWriting && !row.isBlocked))
    #expect(row.change.isEffective == (row.actions != [.noop] && !row.isBlocked))
  }

  private func text(_ field: Change.Field) -> String {
    let (before, after) = (field.before?.stringValue ?? "", field.after?.stringValue ?? "")
    let drift = field.driftFrom?.stringValue.map { " was \($0)" } ?? ""
    return "\(field.path) \(field.operation.rawValue) \(before)→\(after)\(drift)"
  }
}
