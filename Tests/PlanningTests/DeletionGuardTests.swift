// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Planning

/// What holds deletions back, and what lets them pass.
struct DeletionGuardTests {
  /// A host with these resources, all applied and there; the desired state has some of them no more.
  private func input(_ all: [String], without gone: [String]) -> PlanInput {
    var input = PlanInput()
    for address in all.map(Plans.address) {
      input.applied[address] = ["policy": "open"]
      input.observed[address] = .present(["policy": "open"])
    }
    input.desired = all.filter { !gone.contains($0) }.map(Plans.address).map { address in
      Resource(address.kind, address.name, ["policy": "open"])
    }
    return input
  }

  private func files(_ count: Int) -> [String] { (0..<count).map { "modes/file-\($0)" } }

  @Test func protectedResourceIsNotDeletedAndTheRestIs() throws {
    var input = input(
      ["senders/a", "senders/b", "senders/c"], without: ["senders/a", "senders/b"])
    input.protected = [Plans.address("senders/a"), Plans.address("senders/c")]
    let plan = Planner.plan(input)
    let change = try #require(plan.changes.first { $0.address.name == "a" })
    #expect(change.reason == .protected)
    #expect(change.protected)
    #expect(change.isDeletion)
    #expect(change.blocked == "protected; first commit protect: false, then remove it")
    #expect(plan.effective.map(\.address.text) == ["senders/b"])
    #expect(plan.refusals == [change])
    #expect(plan.isDestructive)
    #expect(plan.summary.delete == 1)
    #expect(plan.summary.blocked == 1)
  }

  /// Two commits: the first takes the protection away, the second the resource.
  @Test func protectionEndsWithTheStateThatWasAppliedWithoutIt() {
    var input = input(["senders/a", "senders/b"], without: ["senders/a"])
    input.protected = [Plans.address("senders/a")]
    #expect(Planner.plan(input).isEmpty)
    input.protected = []
    #expect(Planner.plan(input).effective.map(\.address.text) == ["senders/a"])
  }

  @Test func protectionIsFromDeletionOnly() throws {
    var input = input(["senders/a"], without: [])
    input.desired = [Resource(.senders, "a", ["policy": "allowlist"])]
    input.protected = [Plans.address("senders/a")]
    let change = try #require(Planner.plan(input).effective.first)
    #expect(change.protected)
    #expect(change.actions == [.update])
    input.desired = []
    input.observed[Plans.address("senders/a")] = .absent
    #expect(Planner.plan(input).effective.map(\.actions) == [[.forget]])
  }

  @Test func acknowledgementDoesNotLiftProtection() {
    var input = input(files(10), without: files(10))
    let all = Planner.plan(input).deletionsDigest
    input.protected = [Plans.address("modes/file-3")]
    let others = Planner.plan(input).deletionsDigest
    #expect(all != others)
    input.acknowledgedDeletions = Set([all, others].compactMap { $0 })
    let plan = Planner.plan(input)
    #expect(plan.effective.count == 9)
    #expect(plan.blocked.map(\.reason) == [.protected])
  }

  @Test(arguments: [(10, 3, true), (10, 4, false), (40, 8, true), (40, 9, false), (3, 3, true)])
  func deletionsOverTheLimitAreAllHeld(total: Int, deleted: Int, isAllowed: Bool) throws {
    let plan = Planner.plan(input(files(total), without: files(deleted)))
    #expect(plan.effective.count == (isAllowed ? deleted : 0))
    #expect(plan.blocked.count == (isAllowed ? 0 : deleted))
    guard !isAllowed else { return }
    let digest = try #require(plan.deletionsDigest)
    let limit = max(3, total / 5)
    for change in plan.blocked {
      #expect(change.reason == .blastGuard)
      #expect(
        change.blocked == "\(deleted) deletions, \(limit) at most at once: add \"\(digest)\" to "
          + "reconcile.acknowledgeDeletions, or apply the reviewed plan file")
    }
  }

  @Test func heldDeletionsDoNotHoldTheRest() {
    var input = input(files(10), without: files(6))
    input.desired.append(Resource(.senders, "new", ["policy": "open"]))
    input.observed[Plans.address("senders/new")] = .absent
    #expect(Planner.plan(input).effective.map(\.address.text) == ["senders/new"])
  }

  @Test func acknowledgementIsOfTheseDeletionsOnly() throws {
    let six = input(files(10), without: files(6))
    let digest = try #require(Planner.plan(six).deletionsDigest)
    var acknowledged = six
    acknowledged.acknowledgedDeletions = [digest]
    let plan = Planner.plan(acknowledged)
    #expect(plan.effective.count == 6)
    #expect(plan.deletionsDigest == digest)
    var seven = input(files(10), without: files(7))
    seven.acknowledgedDeletions = [digest]
    #expect(Planner.plan(seven).effective.isEmpty)
    var five = input(files(10), without: files(5))
    five.acknowledgedDeletions = [digest]
    #expect(Planner.plan(five).effective.isEmpty)
  }

  @Test(arguments: [
    (["senders/a"], true), (["workspace/a"], true), (["senders/a", "senders/b"], false),
    (["workspace/a", "workspace/b"], false), (["modes/a", "modes/b"], true),
    (["component/a", "component/b"], true), (["senders/a", "workspace/b"], true),
    (["senders/a", "senders/tiers:"], true),
  ])
  func lastOfAKindAreHeldWhenTheyWereSeveral(addresses: [String], isAllowed: Bool) {
    var input = input(addresses, without: addresses)
    input.blastGuard = BlastGuard(maximumDeletions: 100, maximumShare: 1)
    let plan = Planner.plan(input)
    #expect(plan.effective.isEmpty == !isAllowed)
    #expect(plan.refusals.allSatisfy { $0.blocked?.contains("would be left of 2: add") == true })
    input.acknowledgedDeletions = Set([plan.deletionsDigest].compactMap { $0 })
    #expect(Planner.plan(input).effective.count == addresses.count)
  }

  @Test func tiersDoNotStandForTheChannels() {
    let plan = Planner.plan(
      input(["senders/a", "senders/b", "senders/tiers:"], without: ["senders/a", "senders/b"]))
    #expect(plan.effective.isEmpty)
    #expect(plan.refusals.map(\.reason) == [.blastGuard, .blastGuard])
  }

  @Test func staleSourceDeletesNothingAndCorrectsTheRest() {
    var input = input(files(3), without: files(1))
    input.isStale = true
    input.observed[Plans.address("modes/file-2")] = .absent
    let plan = Planner.plan(input)
    #expect(plan.effective.map(\.actions) == [[.create]])
    #expect(plan.refusals.map(\.reason) == [.stale])
    #expect(plan.deletionsDigest != nil)
    input.acknowledgedDeletions = Set([plan.deletionsDigest].compactMap { $0 })
    #expect(Planner.plan(input).refusals.map(\.reason) == [.stale])
  }

  /// A rollback removes what the failed attempt made, without the source.
  @Test func rollbackIsHeldBackByProtectionOnly() {
    var input = input(files(10), without: files(9))
    input.mode = .rollback
    input.isStale = true
    input.protected = [Plans.address("modes/file-0")]
    let plan = Planner.plan(input)
    #expect(plan.effective.count == 8)
    #expect(plan.refusals.map(\.reason) == [.protected])
  }

  @Test func nothingIsDeletedThatCannotBeRead() {
    var input = input(files(4), without: files(4))
    for address in input.applied.keys { input.observed[address] = .unknown("EIO") }
    let plan = Planner.plan(input)
    #expect(plan.effective.isEmpty)
    #expect(plan.deletionsDigest == nil)
    #expect(plan.changes.allSatisfy { !$0.isDeletion && $0.reason == .readFailed })
  }

  @Test(arguments: [
    (Double.nan, 0, 100, 0), (-1, -5, 100, 0), (.infinity, 3, 10, 10), (2, 3, 10, 10),
    (0.2, 3, 14, 3), (0.2, 3, 20, 4), (0.29, 0, 100, 29), (0.2, 3, .max, .max / 5),
    (0.1, 0, 30, 3),
  ])
  func limitOfTheGuardIsTotal(share: Double, floor: Int, applied: Int, limit: Int) {
    let found = BlastGuard(maximumDeletions: floor, maximumShare: share).limit(applied: applied)
    #expect(abs(found - limit) <= (applied == .max ? 1_024 : 0))
  }
}
