// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Planning

/// A rename is a deletion and a creation: what is there stays while the new cannot be.
struct RenameTests {
  /// `old` became `new` in the desired state.
  private func rename(_ kind: ResourceKind, new: Observation) -> PlanInput {
    var input = PlanInput()
    input.desired = [Resource(kind, "new", ["policy": "open"])]
    input.applied = [ResourceAddress(kind, "old"): ["policy": "open"]]
    input.observed = [
      ResourceAddress(kind, "old"): .present(["policy": "open"]),
      ResourceAddress(kind, "new"): new,
    ]
    return input
  }

  private func deletions(_ input: PlanInput) -> [String] {
    Planner.plan(input).effective.filter(\.isDeletion).map(\.address.name)
  }

  @Test(arguments: [ResourceKind.senders, .workspace])
  func renameGoesThroughWhereTheNewCanBeMade(kind: ResourceKind) {
    #expect(deletions(rename(kind, new: .absent)) == ["old"])
    #expect(deletions(rename(kind, new: .present(["policy": "open"]))) == ["old"])
  }

  @Test(arguments: [
    (ResourceKind.senders, Observation.unknown("EIO")), (.workspace, .unknown("EIO")),
    (.workspace, .present(["policy": "theirs"])),
  ])
  func oldStaysWhereTheNewCannotBeMade(kind: ResourceKind, new: Observation) throws {
    var input = rename(kind, new: new)
    let plan = Planner.plan(input)
    #expect(plan.isEmpty)
    let held = try #require(plan.changes.first { $0.isDeletion })
    #expect(held.reason == .blastGuard)
    #expect(
      held.blocked == "what replaces it cannot be made; nothing of \(kind.rawValue) would be left")
    input.acknowledgedDeletions = Set([plan.deletionsDigest].compactMap { $0 })
    #expect(Planner.plan(input).isEmpty, "whoever acknowledged the deletion meant a rename")
  }

  @Test func oldStaysWhereTheNewIsRefused() {
    var input = rename(.senders, new: .absent)
    input.refusals = [PlanRefusal(.init(.senders, "new"), .secretMissing, "no token")]
    #expect(Planner.plan(input).isEmpty)
    input.desired.append(Resource(.senders, "also-new", ["policy": "open"]))
    input.observed[ResourceAddress(.senders, "also-new")] = .absent
    #expect(deletions(input) == ["old"], "one of the kind serves")
  }

  @Test func brokenReplacementOfOneKindDoesNotHoldAnother() {
    var input = rename(.senders, new: .unknown("EIO"))
    let file = ResourceAddress(.workspace, "old.md")
    input.applied[file] = ["digest": "x"]
    input.observed[file] = .present(["digest": "x"])
    #expect(deletions(input) == ["old.md"])
  }

  /// What is there but drifted, and only reported, still serves.
  @Test func driftedResourceIsLeft() {
    var input = rename(.senders, new: .present(["policy": "drifted"]))
    input.applied[ResourceAddress(.senders, "new")] = ["policy": "open"]
    input.drift = [.senders: .report]
    #expect(deletions(input) == ["old"])
  }

  @Test func protectedResourceIsLeft() {
    var input = rename(.senders, new: .unknown("EIO"))
    let kept = ResourceAddress(.senders, "kept")
    input.applied[kept] = ["policy": "open"]
    input.observed[kept] = .present(["policy": "open"])
    input.protected = [kept]
    #expect(deletions(input) == ["old"])
  }
}
