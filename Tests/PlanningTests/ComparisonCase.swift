// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

@testable import Planning

/// What happens between the review of ``Plans/rich`` and its application.
struct ComparisonCase: Sendable {
  let name: String
  /// How the line starts that tells of it.
  let line: String
  let change: @Sendable (inout PlanInput) -> Void

  init(
    _ name: String, says line: String = "", _ change: @escaping @Sendable (inout PlanInput) -> Void
  ) {
    (self.name, self.line, self.change) = (name, line, change)
  }

  /// One bound input at a time, and the line it gives.
  static let bound: [ComparisonCase] = [
    ComparisonCase("host", says: "host: reviewed for \"edge-1\", now \"edge-2\"") {
      $0.host = "edge-2"
    },
    ComparisonCase("repository", says: "repository: reviewed for \"/srv/config.git\", now \"x\"") {
      $0.source = Plans.rich.source.with(repository: "x")
    },
    ComparisonCase(
      "head tree",
      says: "tree: reviewed for \"76543210fedcba9876543210fedcba9876543210\", now \"x\""
    ) { $0.source = Plans.rich.source.with(headTree: "x") },
    ComparisonCase(
      "base tree",
      says: "applied tree: reviewed for \"86543210fedcba9876543210fedcba9876543210\", now \"x\""
    ) { $0.source = Plans.rich.source.with(baseTree: "x") },
    ComparisonCase(
      "no tree",
      says: "applied tree: reviewed for \"86543210fedcba9876543210fedcba9876543210\", now none"
    ) {
      $0.source = Plan.Source(
        repository: "/srv/config.git", branch: "main", headCommit: nil,
        headTree: "76543210fedcba9876543210fedcba9876543210", verification: "head")
    },
    ComparisonCase("mode", says: "mode: reviewed for \"normal\", now \"drift\"") {
      $0.mode = .drift
    },
    ComparisonCase("policy", says: "policy baseline/local: reviewed as pass, now deny") {
      $0.policy[0] = Plans.policy("deny")
    },
    ComparisonCase("policy less", says: "policy baseline/local: reviewed as pass, now absent") {
      $0.policy.removeFirst()
    },
    ComparisonCase(
      "field to be",
      says: "component/gateway /port: 8000 → 8001 was reviewed, now it is 8000 → 9000"
    ) {
      $0.desired[0] = Resource(
        .component, "gateway", ["host": "::1", "port": 9_000, "state": "running"])
    },
    ComparisonCase(
      "field that is", says: "component/gateway /port: 8000 → 8001 was reviewed, now it is 7 → 8001"
    ) {
      $0.observed[Plans.address("component/gateway")] =
        .present(["host": "::1", "port": 7, "state": "running"])
    },
    ComparisonCase("another field", says: "component/gateway /host: \"::\" → \"::1\" appeared") {
      $0.observed[Plans.address("component/gateway")] =
        .present(["host": "::", "port": 8_000, "state": "running"])
    },
    ComparisonCase("field less", says: "component/gateway /port: 8000 → 8001 vanished") {
      $0.observed[Plans.address("component/gateway")] =
        .present(["host": "::", "port": 8_001, "state": "running"])
    },
    ComparisonCase(
      "impact", says: "component/gateway: impact live was reviewed, now it is restart"
    ) {
      $0.observed[Plans.address("component/gateway")] =
        .present(["host": "::1", "port": 8_000, "state": "unhealthy"])
    },
    ComparisonCase("action", says: "component/gateway: update was reviewed, now it is create") {
      $0.observed[Plans.address("component/gateway")] = .absent
    },
    ComparisonCase(
      "done already", says: "component/gateway: update was reviewed, now it is adopt"
    ) {
      $0.observed[Plans.address("component/gateway")] =
        .present(["host": "::1", "port": 8_001, "state": "running"])
    },
    ComparisonCase(
      "reviewed drift is gone", says: "modes/run/: update vanished, it is as desired now"
    ) {
      $0.observed[Plans.address("modes/run/")] = .present(["mode": "0700"])
    },
    ComparisonCase(
      "reviewed drift is another", says: "modes/run/ /mode: \"0755\" → \"0700\" was reviewed"
    ) {
      $0.observed[Plans.address("modes/run/")] = .present(["mode": "0777"])
    },
    ComparisonCase(
      "deletion of another content",
      says: "workspace/old.md /digest: \"sha256:dd\" → (none) was rev"
    ) {
      $0.observed[Plans.address("workspace/old.md")] = .present(["digest": "precious"])
    },
    ComparisonCase(
      "deletion is done", says: "workspace/old.md: delete was reviewed, now it is forget"
    ) {
      $0.observed[Plans.address("workspace/old.md")] = .absent
    },
    ComparisonCase(
      "deletion is protected",
      says: "workspace/old.md: delete was reviewed, now it is blocked: protec"
    ) {
      $0.protected.insert(Plans.address("workspace/old.md"))
    },
    ComparisonCase(
      "stale", says: "workspace/old.md: delete was reviewed, now it is blocked: the source"
    ) {
      $0.isStale = true
    },
    ComparisonCase(
      "over the guard",
      says: "workspace/old.md: delete was reviewed, now it is blocked: 1 deletions"
    ) {
      $0.blastGuard = BlastGuard(maximumDeletions: 0, maximumShare: 0)
    },
    ComparisonCase("protection", says: "senders/web: not protected any more") {
      $0.protected.remove(Plans.address("senders/web"))
    },
    ComparisonCase(
      "unreadable",
      says: "senders/web: update was reviewed, now it is blocked: cannot be read: EIO"
    ) {
      $0.observed[Plans.address("senders/web")] = .unknown("EIO")
    },
    ComparisonCase("refusal", says: "senders/web: update was reviewed, now it is blocked: no") {
      $0.refusals.append(PlanRefusal(Plans.address("senders/web"), .suspended, "no"))
    },
    ComparisonCase("refusal lifted", says: "component/agent: create appeared") { $0.refusals = [] },
    ComparisonCase("protection lifted", says: "workspace/kept.md: delete appeared") {
      $0.protected.remove(Plans.address("workspace/kept.md"))
    },
    ComparisonCase("new resource", says: "senders/new: create appeared") {
      $0.desired.append(Resource(.senders, "new", [:]))
      $0.observed[Plans.address("senders/new")] = .absent
    },
    ComparisonCase("another deletion", says: "modes/reconciler/: delete appeared") {
      $0.desired.removeAll { $0.address == Plans.address("modes/reconciler/") }
    },
    ComparisonCase("change of mind", says: "workspace/AGENTS.md: create vanished") {
      $0.desired.removeAll { $0.address == Plans.address("workspace/AGENTS.md") }
    },
    ComparisonCase("change of the untouched", says: "modes/reconciler/: update appeared") {
      $0.desired.removeAll { $0.address == Plans.address("modes/reconciler/") }
      $0.desired.append(Resource(.modes, "reconciler/", ["mode": "0750"]))
    },
  ]

  /// What the plan does not touch may become anything.
  static let untouched: [ComparisonCase] = [
    ComparisonCase("drift") {
      $0.observed[Plans.address("modes/reconciler/")] = .present(["mode": "0777"])
    },
    ComparisonCase("removal") { $0.observed[Plans.address("modes/reconciler/")] = .absent },
    ComparisonCase("failed read") {
      $0.observed[Plans.address("modes/reconciler/")] = .unknown("EIO")
    },
    ComparisonCase("more reported drift") { $0.observed[Plans.address("senders/desk")] = .absent },
    ComparisonCase("reported drift gone") {
      $0.observed[Plans.address("senders/desk")] = .present(["policy": "open"])
    },
    ComparisonCase("unreadable for another reason") {
      $0.observed[Plans.address("configuration/config.json")] = .unknown("EACCES")
    },
    ComparisonCase("protected resource drifts") {
      $0.observed[Plans.address("workspace/kept.md")] = .present(["digest": "x"])
    },
    ComparisonCase("foreign file") {
      $0.observed[Plans.address("workspace/mine.md")] = .present([:])
    },
    ComparisonCase("foreign thing") {
      $0.observed[Plans.address("workspace/theirs.md")] = .present([:])
    },
    ComparisonCase("refused component") {
      $0.observed[Plans.address("component/agent")] = .present(["state": "failed"])
    },
    ComparisonCase("merge commit") {
      $0.source = Plans.rich.source.with(branch: "x", headCommit: "y")
    },
    ComparisonCase("base commit") { $0.source = Plans.rich.source.with(baseCommit: "y") },
    ComparisonCase("serial") { $0.serial += 1 },
    ComparisonCase("words") { ($0.warnings, $0.environment) = (["x"], []) },
  ]
}
