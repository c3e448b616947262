// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import Planning

/// The guards on any host: who removes more is never held back less.
struct GuardPropertyTests {
  private static let rounds = 10_000

  /// A random host, and what two commits remove from it: the second removes more.
  private struct Case {
    var input = PlanInput()
    var fewer: Set<ResourceAddress> = []
    var more: Set<ResourceAddress> = []

    init(_ random: inout SplitMix64) {
      let names = (0..<Int.random(in: 1...4, using: &random)).map { "r\($0)" } + ["tiers:"]
      for kind in [ResourceKind.senders, .workspace, .modes] {
        for name in names where Bool.random(using: &random) {
          see(ResourceAddress(kind, name), &random)
        }
      }
      let limit = Int.random(in: 0...4, using: &random)
      input.blastGuard = BlastGuard(
        maximumDeletions: limit, maximumShare: Double.random(in: 0...0.5, using: &random))
      input.isStale = Int.random(in: 0..<20, using: &random) == 0
      input.mode = Int.random(in: 0..<20, using: &random) == 0 ? .rollback : .normal
    }

    private mutating func see(_ address: ResourceAddress, _ random: inout SplitMix64) {
      let fields: ResourceFields = ["digest": "x"]
      let live: [Observation] = [
        .present(fields), .present(fields), .present(["digest": "theirs"]), .absent,
        .unknown("EIO"),
      ]
      input.observed[address] = live.randomElement(using: &random)
      let isApplied = Int.random(in: 0..<5, using: &random) > 0
      if isApplied { input.applied[address] = fields }
      input.desired.append(Resource(address.kind, address.name, fields))
      guard isApplied else { return }
      if Int.random(in: 0..<8, using: &random) == 0 { input.protected.insert(address) }
      let chance = Int.random(in: 0..<6, using: &random)
      if chance < 3 { more.insert(address) }
      if chance < 2 { fewer.insert(address) }
    }

    func plan(without gone: Set<ResourceAddress>) -> Plan {
      var input = input
      input.desired.removeAll { gone.contains($0.address) }
      return Planner.plan(input)
    }
  }

  @Test func whoRemovesMoreIsNeverHeldBackLess() {
    let seed = SplitMix64.seed(of: "blast guards")
    var random = SplitMix64(seed: seed)
    var (held, freed) = (0, 0)
    for round in 1...Self.rounds {
      let example = Case(&random)
      let one = example.plan(without: example.fewer)
      let other = example.plan(without: example.more)
      let allowed = Set(other.effective.filter(\.isDeletion).map(\.address))
      for change in one.changes where change.isDeletion && change.blocked != nil {
        #expect(!allowed.contains(change.address), "seed \(seed), round \(round)")
        held += 1
      }
      freed += allowed.count
    }
    #expect(held > 1_000 && freed > 1_000, "the cases are worth something: \(held), \(freed)")
  }

  @Test func whatIsCarriedOutIsWithinTheGuard() {
    let seed = SplitMix64.seed(of: "limits of blast guards")
    var random = SplitMix64(seed: seed)
    for round in 1...2_000 {
      let example = Case(&random)
      let plan = example.plan(without: example.more)
      let deleted = plan.effective.filter(\.isDeletion)
      guard example.input.mode != .rollback else { continue }
      let limit = example.input.blastGuard.limit(applied: example.input.applied.count)
      #expect(deleted.count <= limit, "seed \(seed), round \(round)")
      #expect(!example.input.isStale || deleted.isEmpty, "seed \(seed), round \(round)")
      let isKept = deleted.allSatisfy { !example.input.protected.contains($0.address) }
      #expect(isKept, "seed \(seed), round \(round)")
    }
  }

  @Test func acknowledgingTheDigestCarriesOutThoseDeletions() {
    let seed = SplitMix64.seed(of: "acknowledged deletions")
    var random = SplitMix64(seed: seed)
    for round in 1...1_000 {
      var example = Case(&random)
      example.input.isStale = false
      let held = example.plan(without: example.more)
      guard let digest = held.deletionsDigest else { continue }
      example.input.acknowledgedDeletions = [digest]
      let plan = example.plan(without: example.more)
      #expect(plan.deletionsDigest == digest, "seed \(seed), round \(round)")
      let stopped = plan.changes.filter { $0.isDeletion && $0.blocked != nil }.filter { change in
        change.reason != .protected && change.blocked?.hasPrefix("what replaces it") == false
      }
      #expect(stopped == [], "seed \(seed), round \(round)")
    }
  }
}
