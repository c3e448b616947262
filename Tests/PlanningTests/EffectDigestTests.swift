// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import TestSupport
import Testing

@testable import Planning

/// The identity of a plan: what would happen, and nothing else.
struct EffectDigestTests {
  private func digest(_ input: PlanInput) -> Digest { Planner.plan(input).effectDigest }

  @Test func orderOfTheInputDoesNotMatter() {
    let seed = SplitMix64.seed(of: "shuffled plans")
    var generator = StateGenerator(seed: seed)
    for round in 1...2_000 {
      var input = PlanInput()
      let desired = generator.resources()
      let (live, applied) = (generator.resources(), generator.resources())
      input.desired = desired.asDesired
      for address in Set(desired.keys).union(applied.keys) { input.observed[address] = .absent }
      input.observed.merge(live.mapValues { .present($0) }) { $1 }
      input.applied = applied
      var shuffled = input
      shuffled.desired.shuffle(using: &generator.random)
      shuffled.observed = rebuilt(input.observed, &generator.random)
      shuffled.applied = rebuilt(input.applied, &generator.random)
      let (one, other) = (Planner.plan(input), Planner.plan(shuffled))
      #expect(one == other, "seed \(seed), round \(round)")
    }
  }

  /// The same entries, inserted in another order.
  private func rebuilt<Value>(
    _ entries: [ResourceAddress: Value], _ random: inout SplitMix64
  ) -> [ResourceAddress: Value] {
    Dictionary(uniqueKeysWithValues: entries.shuffled(using: &random).map { ($0, $1) })
  }

  @Test func timesAndPlacesDoNotMatter() {
    let original = digest(Plans.everything)
    var input = Plans.everything
    input.created = Date(timeIntervalSince1970: 1)
    #expect(digest(input) == original)
    input.serial += 1
    #expect(digest(input) == original)
    input.host = "edge-2"
    #expect(digest(input) == original)
    input.source = Plan.Source(
      repository: "elsewhere", branch: nil, headCommit: nil, headTree: nil, verification: "none")
    #expect(digest(input) == original)
    (input.warnings, input.policy, input.environment) = ([], [], [])
    #expect(digest(input) == original)
  }

  /// Words change between versions and machines; what they stand for does not.
  @Test func wordsDoNotMatter() {
    var input = Plans.everything
    input.observed[ResourceAddress(.configuration, "config.json")] = .unknown("EACCES")
    #expect(digest(input) == digest(Plans.everything))
    let gateway = ResourceAddress(.component, "gateway")
    let refused = ["not apart", "anders gesagt"].map { words in
      input.refusals = [PlanRefusal(gateway, .folderIsolation, words)]
      return digest(input)
    }
    #expect(Set(refused).count == 1)
  }

  @Test func unchangedResourcesDoNotMatter() {
    var input = Plans.everything
    let address = ResourceAddress(.modes, "timeline.db")
    input.desired.append(Resource(.modes, "timeline.db", ["mode": "0600"]))
    input.applied[address] = ["mode": "0600"]
    input.observed[address] = .present(["mode": "0600"])
    #expect(digest(input) == digest(Plans.everything))
  }

  static let mutations: [(String, @Sendable (inout PlanInput) -> Void)] = [
    (
      "desired value",
      { $0.desired[0] = Resource(.component, "gateway", ["port": 8_002, "state": "running"]) }
    ),
    ("one resource less", { $0.desired.removeAll { $0.address.kind == .secret } }),
    ("one resource more", { $0.desired.append(Resource(.senders, "desk", ["policy": "open"])) }),
    (
      "value that is there",
      { $0.observed[ResourceAddress(.modes, "run/")] = .present(["mode": "0777"]) }
    ),
    (
      "absence", { $0.observed[ResourceAddress(.workspace, "old.md")] = .absent }
    ),
    (
      "a failed read",
      { $0.observed[ResourceAddress(.configuration, "config.json")] = .absent }
    ),
    ("protection", { $0.protected = [ResourceAddress(.senders, "web")] }),
    ("protection from deletion", { $0.protected = [ResourceAddress(.workspace, "old.md")] }),
    ("a stale source", { $0.isStale = true }),
    ("a blast guard", { $0.blastGuard = BlastGuard(maximumDeletions: 0, maximumShare: 0) }),
    (
      "a refusal",
      { $0.refusals = [PlanRefusal(.init(.component, "gateway"), .folderIsolation, "why")] }
    ),
    ("a drift policy", { $0.drift[.modes] = .report }),
    ("what was applied", { $0.applied[ResourceAddress(.workspace, "mine.md")] = [:] }),
    (
      "a list's order",
      {
        $0.desired[1] = Resource(
          .senders, "web", ["allow": ["carol", "alice"], "policy": "allowlist"])
      }
    ),
  ]

  @Test(arguments: EffectDigestTests.mutations.indices)
  func everyEffectMatters(index: Int) {
    let (name, change) = Self.mutations[index]
    var input = Plans.everything
    change(&input)
    #expect(digest(input) != digest(Plans.everything), "\(name)")
  }

  @Test func valuesOfDifferentTypesDiffer() {
    let values: [JSONValue] = [.null, false, 0, "", "0", "null", [], [.null], [:], ["": .null]]
    let digests = values.map { digest(Plans.creating(["x": $0])) }
    #expect(Set(digests).count == values.count)
  }

  /// Two texts that Unicode calls equal are two values.
  @Test func spellingOfEqualLookingTextMatters() {
    let digests = ["\u{E9}", "e\u{301}"].map { digest(Plans.creating(["x": .string($0)])) }
    #expect(Set(digests).count == 2)
  }

  @Test func digestOfAnEmptyPlanIsThatOfNothing() {
    // SHA-256 of the two bytes of an empty JSON list.
    #expect(
      digest(PlanInput()).rawValue
        == "sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945")
  }
}
