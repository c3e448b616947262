// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import TestSupport
import Testing

@testable import Planning

/// R2: what is applied is what was reviewed, or nothing.
struct PlanComparisonTests {
  private static let now = Plans.rich.created + 60

  private static func compare(
    _ change: (inout PlanInput) -> Void, at now: Date = now
  ) -> PlanComparison {
    var input = Plans.rich
    change(&input)
    input.created = now
    return PlanComparison(
      reviewed: Planner.plan(Plans.rich), current: Planner.plan(input), at: now)
  }

  @Test func samePlanIsTheSame() throws {
    let found = Self.compare { _ in }
    #expect(found.differences == [])
    #expect(found.isSame)
    #expect(found.approved?.effective == Planner.plan(Plans.rich).effective)
  }

  @Test func planIsTheSameAfterAFile() throws {
    let reviewed = Planner.plan(Plans.rich)
    let back = try ApplianceJSON.decode(Plan.self, from: ApplianceJSON.encode(reviewed))
    #expect(PlanComparison(reviewed: back, current: reviewed, at: Self.now).isSame)
  }

  @Test(arguments: ComparisonCase.bound.indices)
  func everyBoundInputIsCompared(index: Int) {
    let example = ComparisonCase.bound[index]
    let found = Self.compare(example.change)
    #expect(!found.isSame, "\(example.name)")
    #expect(found.approved == nil)
    let isTold = found.differences.contains { $0.hasPrefix(example.line) }
    #expect(isTold, "\(example.name): \(found.differences)")
  }

  @Test(arguments: ComparisonCase.untouched.indices)
  func whatIsNotTouchedMayDrift(index: Int) throws {
    let example = ComparisonCase.untouched[index]
    let found = Self.compare(example.change)
    #expect(found.differences == [], "\(example.name)")
    let approved = try #require(found.approved)
    #expect(approved.verifyDigests())
    let reviewed = Planner.plan(Plans.rich)
    #expect(approved.effective == reviewed.effective, "\(example.name)")
  }

  @Test func planExpires() {
    let end = Planner.plan(Plans.rich).notAfter
    #expect(Self.compare({ _ in }, at: end - 1).isSame)
    let late = Self.compare({ _ in }, at: end)
    #expect(late.differences == ["expired at 2027-01-16T08:00:00Z"])
  }

  @Test func linesShowNothingInvisible() {
    let found = Self.compare { $0.host = "\u{1B}[2J\nhost" }
    #expect(found.differences == ["host: reviewed for \"edge-1\", now \"\\u{1b}[2J\\u{a}host\""])
  }

  @Test func alteredPlanIsRefused() throws {
    let plan = Planner.plan(Plans.rich)
    var document = try ApplianceJSON.decode(JSONValue.self, from: ApplianceJSON.encode(plan))
    for (key, value) in [("effect_digest", "sha256:00"), ("format_version", "2.0")] {
      guard case .object(var members) = document else { return }
      members[key] = .string(value)
      document = .object(members)
      let altered = try ApplianceJSON.decode(Plan.self, from: CanonicalJSON.bytes(document))
      let found = PlanComparison(reviewed: altered, current: plan, at: Self.now)
      #expect(!found.isSame)
      #expect(found.differences.first?.hasPrefix("the plan file was altered: ") == true)
    }
  }
}
