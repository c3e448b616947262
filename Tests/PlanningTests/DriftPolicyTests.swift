// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Planning

/// What a drift policy blocks, and that a failed read is never taken for absence.
struct DriftPolicyTests {
  private static let address = ResourceAddress(.senders, "web")
  private static let ours: ResourceFields = ["policy": "allowlist"]
  private static let theirs: ResourceFields = ["policy": "open"]

  private func plan(
    live: Observation?, desired: ResourceFields?, applied: ResourceFields?,
    _ policy: DriftHandling = .correct
  ) -> Plan {
    var input = PlanInput()
    if let desired { input.desired = [Resource(.senders, "web", desired)] }
    if let live { input.observed[Self.address] = live }
    if let applied { input.applied[Self.address] = applied }
    input.drift[.senders] = policy
    return Planner.plan(input)
  }

  @Test(arguments: [Observation.present(DriftPolicyTests.theirs), .absent])
  func reportedDriftIsShownButNotCorrected(live: Observation) throws {
    let found = plan(live: live, desired: Self.ours, applied: Self.ours, .report)
    let change = try #require(found.changes.first)
    #expect(change.blocked == "drift of senders is reported, not corrected")
    #expect(!change.fields.isEmpty)
    #expect(found.isEmpty)
    #expect(found.refusals.isEmpty)
    #expect(found.drift == [change])
    #expect(found.summary.drift == 1)
    #expect(found.summary.blocked == 1)
    #expect(found.summary.update + found.summary.create == 0)
    #expect(found.summary.impactMax == .none)
  }

  @Test(arguments: [Observation.present(DriftPolicyTests.theirs), .absent])
  func correctedDriftIsAnEffectiveChange(live: Observation) {
    let found = plan(live: live, desired: Self.ours, applied: Self.ours, .correct)
    #expect(found.effective.count == 1)
    #expect(found.drift.count == 1)
    #expect(found.summary.update + found.summary.create == 1)
  }

  @Test func policyOfAnotherKindHasNoEffect() {
    var input = PlanInput()
    input.desired = [Resource(.senders, "web", Self.ours)]
    input.observed[Self.address] = .present(Self.theirs)
    input.applied[Self.address] = Self.ours
    input.drift = [.modes: .report, .workspace: .report]
    #expect(Planner.plan(input).effective.count == 1)
  }

  @Test func intentionalChangesAreCarriedOutUnderEveryPolicy() {
    let live = Observation.present(Self.ours)
    let found = plan(live: live, desired: Self.theirs, applied: Self.ours, .report)
    #expect(found.effective.map(\.reason) == [.intentional])
    let removed = plan(live: live, desired: nil, applied: Self.ours, .report)
    #expect(removed.effective.map(\.reason) == [.removed])
    let new = plan(live: .absent, desired: Self.ours, applied: nil, .report)
    #expect(new.effective.map(\.reason) == [.intentional])
  }

  /// Every combination of record and desire: R8, a read failure is not absence.
  @Test(arguments: [nil, DriftPolicyTests.ours], [nil, DriftPolicyTests.ours, theirs])
  func failedReadNeitherWritesNorDeletes(applied: ResourceFields?, desired: ResourceFields?) {
    for policy in [DriftHandling.correct, .report] {
      for live in [Observation.unknown("EIO"), nil] {
        let found = plan(live: live, desired: desired, applied: applied, policy)
        #expect(found.effective.isEmpty)
        #expect(found.isEmpty)
        let isKnown = live != nil || desired != nil || applied != nil
        #expect(found.changes.map(\.actions) == (isKnown ? [[.noop]] : []))
        #expect(found.changes.map(\.reason) == (isKnown ? [.readFailed] : []))
        #expect(found.refusals.count == found.changes.count)
        #expect(found.isDestructive == isKnown)
      }
    }
  }

  @Test func failedReadSaysWhy() {
    let found = plan(live: .unknown("EIO"), desired: Self.ours, applied: nil)
    #expect(found.changes.map(\.blocked) == ["cannot be read: EIO"])
  }

  @Test func failedReadOfOneLeavesTheOthersAlone() {
    var input = PlanInput()
    let names = ["a", "b", "c"]
    input.desired = names.map { Resource(.senders, $0, Self.ours) }
    for name in names { input.observed[ResourceAddress(.senders, name)] = .absent }
    input.observed[ResourceAddress(.senders, "b")] = .unknown("EACCES")
    let found = Planner.plan(input)
    #expect(found.effective.map(\.address.name) == ["a", "c"])
  }

  @Test func refusalBlocksWhateverWouldBeDone() throws {
    var input = PlanInput()
    let address = ResourceAddress(.component, "agent")
    input.desired = [Resource(.component, "agent", ["state": "running"])]
    input.refusals = [PlanRefusal(address, .folderIsolation, "not apart")]
    for live in [Observation.absent, .present(["state": "unhealthy"])] {
      input.observed = [address: live]
      let change = try #require(Planner.plan(input).changes.first)
      #expect(change.blocked == "not apart")
      #expect(change.reason == .folderIsolation)
      #expect(!change.isEffective)
    }
    input.observed = [address: .present(["state": "running"])]
    input.applied = [address: ["state": "running"]]
    let settled = try #require(Planner.plan(input).changes.first)
    #expect(settled.reason == .folderIsolation, "what runs already must not go on unnoticed")
    #expect(!settled.isEffective)
  }
}
