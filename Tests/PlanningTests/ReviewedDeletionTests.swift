// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import TestSupport
import Testing

@testable import Planning

/// Deletions over the blast guard, carried out because the plan that shows them was reviewed.
struct ReviewedDeletionTests {
  private static let now = Date(timeIntervalSince1970: 10)

  private func input(deleting count: Int) -> PlanInput {
    var input = PlanInput()
    for number in 0..<10 {
      let address = ResourceAddress(.modes, "\(number)")
      input.applied[address] = ["mode": "0600"]
      input.observed[address] = .present(["mode": "0600"])
      if number >= count { input.desired.append(Resource(.modes, "\(number)", ["mode": "0600"])) }
    }
    return input
  }

  @Test func reviewedPlanAcknowledgesItsDeletions() throws {
    let reviewed = Planner.plan(input(deleting: 6))
    #expect(reviewed.effective.isEmpty)
    var again = input(deleting: 6)
    again.acknowledgedDeletions = [try #require(reviewed.deletionsDigest)]
    let found = PlanComparison(reviewed: reviewed, current: Planner.plan(again), at: Self.now)
    #expect(found.differences == [])
    #expect(found.approved?.effective.count == 6)
  }

  @Test func withoutTheAcknowledgementTheyStayHeld() {
    let plan = Planner.plan(input(deleting: 6))
    let found = PlanComparison(reviewed: plan, current: plan, at: Self.now)
    #expect(found.isSame)
    #expect(found.approved?.isEmpty == true)
  }

  @Test func otherDeletionsAreNotAcknowledged() throws {
    let reviewed = Planner.plan(input(deleting: 6))
    for count in [5, 7] {
      var again = input(deleting: count)
      let other = try #require(Planner.plan(again).deletionsDigest)
      again.acknowledgedDeletions = [other]
      let found = PlanComparison(reviewed: reviewed, current: Planner.plan(again), at: Self.now)
      #expect(!found.isSame, "\(count)")
    }
  }

  @Test func contentOfAHeldDeletionIsBound() throws {
    let reviewed = Planner.plan(input(deleting: 6))
    var again = input(deleting: 6)
    again.acknowledgedDeletions = [try #require(reviewed.deletionsDigest)]
    again.observed[ResourceAddress(.modes, "3")] = .present(["mode": "0644"])
    let found = PlanComparison(reviewed: reviewed, current: Planner.plan(again), at: Self.now)
    #expect(
      found.differences == [
        "modes/3 /mode: \"0600\" → (none) was reviewed, now it is \"0644\" → (none)"
      ])
  }

  /// Whatever changes on the host between review and apply: no write that was not reviewed.
  @Test func writesArePartOfTheReviewedPlan() {
    let seed = SplitMix64.seed(of: "reviewed plans")
    var generator = StateGenerator(seed: seed)
    var (same, other) = (0, 0)
    for round in 1...2_000 {
      var input = PlanInput()
      input.desired = generator.resources().asDesired
      input.applied = generator.oneIn(2) ? generator.resources() : desired(of: input)
      input.observed = input.applied.mapValues { .present($0) }
      for resource in input.desired where input.observed[resource.address] == nil {
        input.observed[resource.address] = .absent
      }
      let reviewed = Planner.plan(input)
      for address in input.observed.keys.sorted() where generator.oneIn(8) {
        input.observed[address] =
          generator.oneIn(3) ? .absent : .present(generator.fields())
      }
      let current = Planner.plan(input)
      let found = PlanComparison(reviewed: reviewed, current: current, at: Self.now)
      guard let approved = found.approved else {
        other += 1
        continue
      }
      same += 1
      let isPart = approved.effective.allSatisfy { change in
        reviewed.changes.contains { $0.address == change.address && $0.fields == change.fields }
      }
      #expect(isPart, "seed \(seed), round \(round)")
      #expect(approved.effective.count == reviewed.effective.count, "seed \(seed), round \(round)")
      #expect(current.effective.count >= approved.effective.count)
    }
    #expect(same > 200 && other > 200, "\(same) the same, \(other) not")
  }

  private func desired(of input: PlanInput) -> [ResourceAddress: ResourceFields] {
    Dictionary(
      input.desired.map { ($0.address, $0.fields) }, uniquingKeysWith: { first, _ in first })
  }
}
