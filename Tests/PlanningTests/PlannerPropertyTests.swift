// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import Planning

/// What holds for every state of a host.
struct PlannerPropertyTests {
  private static let rounds = 2_000

  private func plan(
    _ host: PlanModel, desired: [ResourceAddress: ResourceFields],
    unreadable: Set<ResourceAddress> = []
  ) -> Plan {
    var input = PlanInput()
    input.desired = desired.asDesired
    input.applied = host.applied
    input.blastGuard = .off
    let addresses = Set(desired.keys).union(host.applied.keys).union(host.live.keys)
    for address in addresses {
      input.observed[address] = host.live[address].map { .present($0) } ?? .absent
    }
    for address in unreadable { input.observed[address] = .unknown("EIO") }
    return Planner.plan(input)
  }

  @Test func applyingAPlanGivesTheDesiredState() {
    let seed = SplitMix64.seed(of: "plan from a to b")
    var generator = StateGenerator(seed: seed)
    for round in 1...Self.rounds {
      let (before, after) = (generator.resources(), generator.resources())
      var host = PlanModel(live: before, applied: before)
      host.apply(plan(host, desired: after), desired: after)
      #expect(host == PlanModel(live: after, applied: after), "seed \(seed), round \(round)")
    }
  }

  @Test func planOfTheStateThatIsThereIsEmpty() {
    let seed = SplitMix64.seed(of: "plan from b to b")
    var generator = StateGenerator(seed: seed)
    for round in 1...Self.rounds {
      let state = generator.resources()
      let found = plan(PlanModel(live: state, applied: state), desired: state)
      #expect(found.changes == [], "seed \(seed), round \(round)")
      #expect(found.isEmpty)
      #expect(found.summary.noop == state.count)
    }
  }

  /// Drift, foreign things, additional fields: whatever was found, one application settles it.
  @Test func anyStateIsSettledByOneApplication() {
    let seed = SplitMix64.seed(of: "plan from anywhere")
    var generator = StateGenerator(seed: seed)
    for round in 1...Self.rounds {
      let desired = generator.resources()
      var host = PlanModel(live: generator.resources(), applied: generator.resources())
      let first = plan(host, desired: desired)
      host.apply(first, desired: desired)
      let second = plan(host, desired: desired)
      #expect(second.isEmpty, "seed \(seed), round \(round)")
      #expect(second.blocked.map(\.address) == first.blocked.map(\.address))
      for (address, fields) in desired
      where !first.blocked.contains(where: { $0.address == address }) {
        let live = host.live[address] ?? [:]
        let kept = fields.filter { live[$0.key] != $0.value }
        #expect(kept.isEmpty, "seed \(seed), round \(round), \(address.text)")
        #expect(host.applied[address] == fields, "seed \(seed), round \(round)")
      }
    }
  }

  @Test func nothingThatIsNotOursIsTouched() {
    let seed = SplitMix64.seed(of: "foreign things")
    var generator = StateGenerator(seed: seed)
    for round in 1...Self.rounds {
      let desired = generator.resources()
      let before = PlanModel(live: generator.resources(), applied: generator.resources())
      var after = before
      after.apply(plan(before, desired: desired), desired: desired)
      for (address, fields) in before.live {
        let owned = Set((before.applied[address] ?? [:]).keys).union((desired[address] ?? [:]).keys)
        let isForeign = before.applied[address] == nil && desired[address] == nil
        let isDeleted = before.applied[address] != nil && desired[address] == nil
        let kept = fields.filter { isForeign || !owned.contains($0.key) }
        guard !isDeleted else { continue }
        let lost = kept.filter { after.live[address]?[$0.key] != $0.value }
        #expect(lost.isEmpty, "seed \(seed), round \(round), \(address.text)")
      }
    }
  }

  @Test func unreadableResourcesStayAsTheyAre() {
    let seed = SplitMix64.seed(of: "unreadable things")
    var generator = StateGenerator(seed: seed)
    for round in 1...Self.rounds {
      let desired = generator.resources()
      let before = PlanModel(live: generator.resources(), applied: generator.resources())
      let all = Set(desired.keys).union(before.live.keys).union(before.applied.keys)
      let unreadable = Set(all.sorted().filter { _ in generator.oneIn(3) })
      var after = before
      after.apply(plan(before, desired: desired, unreadable: unreadable), desired: desired)
      for address in unreadable {
        #expect(after.live[address] == before.live[address], "seed \(seed), round \(round)")
        #expect(after.applied[address] == before.applied[address], "seed \(seed), round \(round)")
      }
    }
  }

  @Test func summaryCountsEveryChangeOnce() {
    let seed = SplitMix64.seed(of: "summaries")
    var generator = StateGenerator(seed: seed)
    for round in 1...Self.rounds {
      let desired = generator.resources()
      let host = PlanModel(live: generator.resources(), applied: generator.resources())
      let found = plan(host, desired: desired)
      let summary = found.summary
      let done =
        summary.create + summary.update + summary.delete + summary.adopt + summary.forget
      #expect(done == found.effective.count, "seed \(seed), round \(round)")
      #expect(summary.blocked == found.blocked.count, "seed \(seed), round \(round)")
      #expect(done + summary.blocked == found.changes.count, "seed \(seed), round \(round)")
      #expect(summary.impactMax == found.effective.map(\.impact).max() ?? .none)
    }
  }
}
