// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import TestSupport
import Testing

@testable import Planning

/// R3: the digests differ for every change of meaning, and for nothing else.
struct PlanMutationTests {
  /// A change of the input, and whether it is one of effects.
  struct Mutation: Sendable {
    let name: String
    let isEffect: Bool
    let apply: @Sendable (inout PlanInput) -> Void

    init(
      _ name: String, isEffect: Bool = true, _ apply: @escaping @Sendable (inout PlanInput) -> Void
    ) {
      (self.name, self.isEffect, self.apply) = (name, isEffect, apply)
    }
  }

  /// Every part of everything the rich plan is made of, changed one at a time.
  static let mutations = desired + observed + effects + policies + bindings

  private static var desired: [Mutation] {
    var found: [Mutation] = []
    for (index, resource) in Plans.rich.desired.enumerated() {
      // What cannot be read is not written, whatever it should be.
      if case .unknown = Plans.rich.observed[resource.address] { continue }
      let (kind, name) = (resource.address.kind, resource.address.name)
      let set = { (what: String, name: String, fields: ResourceFields) in
        Mutation("\(resource.address.text) \(what)") {
          $0.desired[index] = Resource(kind, name, fields)
        }
      }
      found.append(set("renamed", name + "x", resource.fields))
      for (key, value) in resource.fields {
        var fields = resource.fields
        fields[key] = .array([value])
        found.append(set("\(key) changed", name, fields))
        fields[key] = nil
        fields[key + "x"] = value
        found.append(set("\(key) renamed", name, fields))
      }
    }
    return found
  }

  private static var observed: [Mutation] {
    Plans.rich.observed.flatMap { address, observation -> [Mutation] in
      let all: [Observation] = [.absent, .present(["digest": "other"]), .unknown("EIO")]
      return all.filter { $0 != observation }.map { other in
        Mutation("\(address.text) found \(other)") { $0.observed[address] = other }
      }
    }
  }

  private static let effects = [
    Mutation("drift policy") { $0.drift = [:] },
    Mutation("refusal") { $0.refusals = [] },
    Mutation("refusal's code") {
      let agent = Plans.address("component/agent")
      $0.refusals = [PlanRefusal(agent, .secretMissing, "not apart")]
    },
    Mutation("protection of a deletion") {
      $0.protected.remove(Plans.address("workspace/kept.md"))
    },
    Mutation("protection") { $0.protected.remove(Plans.address("senders/web")) },
    Mutation("staleness") { $0.isStale = true },
    Mutation("blast guard") { $0.blastGuard = BlastGuard(maximumDeletions: 0, maximumShare: 0) },
  ]

  private static var policies: [Mutation] {
    Plans.rich.policy.enumerated().flatMap { index, old -> [Mutation] in
      [("warn", old.id, old.path), (old.result, "x", old.path), (old.result, old.id, "x")].map {
        let new = Plans.policy($0.0, id: $0.1, path: $0.2)
        return Mutation("policy \(old.id): \(new)", isEffect: false) { $0.policy[index] = new }
      }
    }
  }

  private static let bindings = [
    Mutation("a policy less", isEffect: false) { $0.policy.removeLast() },
    Mutation("a policy more", isEffect: false) { $0.policy.append(Plans.policy("pass", id: "x")) },
    Mutation("host", isEffect: false) { $0.host += "x" },
    Mutation("mode", isEffect: false) { $0.mode = .rollback },
    Mutation("validity", isEffect: false) { $0.validity += 1 },
    Mutation("created", isEffect: false) { $0.created += 1 },
    Mutation("repository", isEffect: false) { $0.source = $0.source.with(repository: "x") },
    Mutation("branch", isEffect: false) { $0.source = $0.source.with(branch: "x") },
    Mutation("head tree", isEffect: false) { $0.source = $0.source.with(headTree: "x") },
    Mutation("base tree", isEffect: false) { $0.source = $0.source.with(baseTree: "x") },
  ]

  @Test func everyChangeOfMeaningChangesTheDigests() {
    let original = Planner.plan(Plans.rich)
    var killed = 0
    for mutation in Self.mutations {
      var input = Plans.rich
      mutation.apply(&input)
      let plan = Planner.plan(input)
      let isKilled =
        plan.planDigest != original.planDigest && plan.id != original.id
        && (plan.effectDigest != original.effectDigest) == mutation.isEffect
      #expect(isKilled, "\(mutation.name)")
      killed += isKilled ? 1 : 0
    }
    print("mutations of the input: \(killed) of \(Self.mutations.count) change the digests")
    #expect(Self.mutations.count > 80)
  }

  @Test func nothingElseChangesThePlanDigest() {
    let original = Planner.plan(Plans.rich)
    let others = [
      Mutation("serial") { $0.serial += 1 },
      Mutation("warnings") { $0.warnings = [] },
      Mutation("environment") { $0.environment = [] },
      Mutation("half a second") { $0.created += 0.5 },
      Mutation("head commit") { $0.source = $0.source.with(headCommit: "x") },
      Mutation("base commit") { $0.source = $0.source.with(baseCommit: "x") },
      Mutation("order of policies") { $0.policy.reverse() },
      Mutation("order of resources") { $0.desired.reverse() },
      Mutation("words of a policy") {
        let old = $0.policy[1]
        $0.policy[1] = Plan.PolicyResult(
          id: old.id, pack: old.pack, result: old.result, message: "other words", runbook: "9",
          remedy: "Another remedy.", path: old.path)
      },
      Mutation("words of a refusal") {
        let agent = Plans.address("component/agent")
        $0.refusals = [PlanRefusal(agent, .folderIsolation, "other words")]
      },
      Mutation("why a read failed") {
        $0.observed[Plans.address("configuration/config.json")] = .unknown("other words")
      },
      Mutation("an unchanged resource") {
        let (address, fields) = (Plans.address("modes/new"), ["mode": "0600"] as ResourceFields)
        $0.desired.append(Resource(.modes, "new", fields))
        $0.applied[address] = fields
        $0.observed[address] = .present(fields)
      },
    ]
    for other in others {
      var input = Plans.rich
      other.apply(&input)
      #expect(Planner.plan(input).planDigest == original.planDigest, "\(other.name)")
    }
  }

  /// Tables of other sizes have other orders; every process has other hashes anyway.
  @Test func hundredRunsGiveTheSameDigests() throws {
    let seed = SplitMix64.seed(of: "hundred runs")
    var random = SplitMix64(seed: seed)
    let original = Planner.plan(Plans.rich)
    for run in 1...100 {
      var input = Plans.rich
      input.desired = input.desired.map { resource in
        Resource(resource.address.kind, resource.address.name, rebuilt(resource.fields, &random))
      }.shuffled(using: &random)
      input.applied = rebuilt(input.applied.mapValues { rebuilt($0, &random) }, &random)
      input.observed = rebuilt(input.observed, &random)
      input.policy.shuffle(using: &random)
      let plan = Planner.plan(input)
      #expect(plan.planDigest == original.planDigest, "seed \(seed), run \(run)")
      #expect(plan.effectDigest == original.effectDigest, "seed \(seed), run \(run)")
      #expect(plan.deletionsDigest == original.deletionsDigest, "seed \(seed), run \(run)")
      #expect(plan.changes == original.changes, "seed \(seed), run \(run)")
      let back = try ApplianceJSON.decode(Plan.self, from: ApplianceJSON.encode(plan))
      #expect(back.verifyDigests(), "seed \(seed), run \(run)")
    }
  }

  private func rebuilt<Key: Hashable, Value>(
    _ entries: [Key: Value], _ random: inout SplitMix64
  ) -> [Key: Value] {
    var copy: [Key: Value] = [:]
    copy.reserveCapacity(Int.random(in: 0...1_000, using: &random))
    for (key, value) in entries.shuffled(using: &random) { copy[key] = value }
    return copy
  }
}

extension Plan.Source {
  /// A copy with one part exchanged.
  func with(
    repository: String? = nil, branch: String? = nil, headCommit: String? = nil,
    headTree: String? = nil, baseCommit: String? = nil, baseTree: String? = nil
  ) -> Plan.Source {
    Plan.Source(
      repository: repository ?? self.repository, branch: branch ?? self.branch,
      headCommit: headCommit ?? self.headCommit, headTree: headTree ?? self.headTree,
      verification: verification, baseCommit: baseCommit ?? self.baseCommit,
      baseTree: baseTree ?? self.baseTree, verifiedBy: verifiedBy)
  }
}
