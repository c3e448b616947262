// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Planning

/// Only fields that the desired state names, or once named, are compared.
struct FieldOwnershipTests {
  private func change(
    applied: ResourceFields?, live: ResourceFields, desired: ResourceFields?
  ) -> Change {
    ResourceDiff(
      address: ResourceAddress(.component, "gateway"), desired: desired, live: .present(live),
      applied: applied, driftPolicy: .correct
    ).change()
  }

  @Test func fieldsThatWereNeverDeclaredAreLeftAlone() {
    let live: ResourceFields = ["port": 1, "uptime": 99, "pid": 7]
    #expect(change(applied: ["port": 1], live: live, desired: ["port": 1]).actions == [.noop])
    #expect(change(applied: nil, live: live, desired: ["port": 1]).actions == [.adopt])
    let moved = change(applied: ["port": 1], live: live, desired: ["port": 2])
    #expect(moved.fields.map(\.path) == ["/port"])
  }

  @Test func fieldThatIsNoLongerDeclaredIsRemoved() throws {
    let found = change(
      applied: ["port": 1, "token": "env:T"], live: ["port": 1, "token": "env:T"],
      desired: ["port": 1])
    let field = try #require(found.fields.first)
    #expect(found.actions == [.update])
    #expect(found.reason == .intentional)
    #expect(field.path == "/token")
    #expect(field.operation == .remove)
    #expect(field.before == "env:T")
    #expect(field.after == nil)
  }

  @Test func fieldThatIsGoneAlreadyIsOnlyForgotten() {
    let found = change(
      applied: ["port": 1, "token": "env:T"], live: ["port": 1], desired: ["port": 1])
    #expect(found.actions == [.adopt])
    #expect(!found.writes)
  }

  @Test func fieldThatVanishedOutsideIsAddedAgainAsDrift() throws {
    let found = change(
      applied: ["port": 1, "host": "::1"], live: ["port": 1], desired: ["port": 1, "host": "::1"])
    let field = try #require(found.fields.first)
    #expect(found.reason == .drift)
    #expect(field.operation == .add)
    #expect(field.before == nil)
    #expect(field.driftFrom == "::1")
  }

  @Test func everyDifferenceIsListedInTheOrderOfItsName() {
    let found = change(
      applied: ["b": 1, "c": 1, "z": 1], live: ["b": 1, "c": 5, "z": 1],
      desired: ["a": 1, "b": 2, "c": 1])
    #expect(found.fields.map(\.path) == ["/a", "/b", "/c", "/z"])
    #expect(found.fields.map(\.operation) == [.add, .change, .change, .remove])
    #expect(found.fields.map(\.driftFrom) == [nil, nil, 1, nil])
    #expect(found.reason == .overridesExternal)
  }

  @Test func mixtureOfChangeAndDriftIsNeverOnlyReported() {
    let diff = ResourceDiff(
      address: ResourceAddress(.senders, "web"), desired: ["allow": ["a"], "policy": "open"],
      live: .present(["allow": ["x"], "policy": "allowlist"]),
      applied: ["allow": ["a"], "policy": "allowlist"], driftPolicy: .report)
    #expect(diff.change().reason == .overridesExternal)
    #expect(diff.change().blocked == nil)
  }

  @Test(arguments: [
    ("plain", "/plain"), ("a/b", "/a~1b"), ("a~b", "/a~0b"), ("~1", "/~01"), ("", "/"),
  ])
  func pathsAreJSONPointers(name: String, pointer: String) {
    let found = change(applied: [:], live: [:], desired: [name: 1])
    #expect(found.fields.map(\.path) == [pointer])
  }

  @Test(arguments: [
    (ResourceKind.modes, Impact.none), (.secret, .none), (.configuration, .none),
    (.workspace, .live), (.senders, .live), (.component, .restart),
  ])
  func creationHasTheImpactOfItsKind(kind: ResourceKind, impact: Impact) {
    let diff = ResourceDiff(
      address: ResourceAddress(kind, "it"), desired: ["state": "running"], live: .absent,
      applied: nil, driftPolicy: .correct)
    #expect(diff.change().impact == impact)
  }

  @Test func settingOfARunningComponentTakesEffectLive() {
    let found = change(
      applied: ["port": 1, "state": "running"], live: ["port": 1, "state": "running"],
      desired: ["port": 2, "state": "running"])
    #expect(found.impact == .live)
  }

  @Test func deletedWorkspaceFileIsLostData() {
    let diff = ResourceDiff(
      address: ResourceAddress(.workspace, "AGENTS.md"), desired: nil,
      live: .present(["digest": "x"]), applied: ["digest": "x"], driftPolicy: .correct)
    #expect(diff.change().impact == .data)
  }
}
