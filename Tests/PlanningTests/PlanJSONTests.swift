// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import SodiumCrypto
import TestSupport
import Testing

@testable import Planning

/// The stored and reviewed form: names that don't move, and a way back.
struct PlanJSONTests {
  private func json(_ plan: Plan) throws -> JSONValue {
    try ApplianceJSON.decode(JSONValue.self, from: ApplianceJSON.encode(plan))
  }

  private func keys(_ value: JSONValue?) -> [String] {
    (value?.objectValue ?? [:]).keys.sorted()
  }

  @Test func planHasItsKeys() throws {
    let value = try json(Planner.plan(Plans.everything))
    #expect(
      keys(value) == [
        "changes", "created", "deletions_digest", "effect_digest", "engine", "environment",
        "formatVersion", "format_version", "host", "kind", "mode", "not_after", "plan_digest",
        "plan_id", "policy", "policy_digest", "serial", "source", "summary", "warnings",
      ])
    #expect(value["format_version"] == "1.0")
    #expect(value["formatVersion"] == 1)
    #expect(value["kind"] == "plan")
    #expect(value["created"] == "2027-01-15T08:00:00Z")
    #expect(value["not_after"] == "2027-01-16T08:00:00Z")
    #expect(value["mode"] == "normal")
    #expect(value["serial"] == 41)
    #expect(value["host"] == ["name": "edge-1"])
    #expect(value["engine"] == ["version": .string(ApplianceVersion.current)])
  }

  @Test func sourceHasItsKeys() throws {
    let source = try #require(try json(Planner.plan(Plans.everything))["source"])
    #expect(keys(source) == ["head_commit", "head_tree", "ref", "repo", "verified"])
    var input = Plans.everything
    input.source = Plan.Source(
      repository: "r", branch: nil, headCommit: nil, headTree: nil, verification: "head",
      baseCommit: "c", baseTree: "t", verifiedBy: "olga")
    #expect(
      try json(Planner.plan(input))["source"] == [
        "repo": "r", "base_commit": "c", "base_tree": "t", "verified": "head",
        "verified_by": "olga",
      ])
  }

  @Test func summaryHasItsKeys() throws {
    let summary = try #require(try json(Planner.plan(Plans.everything))["summary"])
    #expect(
      summary == [
        "create": 1, "update": 3, "delete": 1, "adopt": 1, "forget": 0, "blocked": 2, "noop": 0,
        "drift": 1, "impact_max": "data",
      ])
  }

  @Test func everyChangeHasItsKeys() throws {
    let changes = try #require(try json(Planner.plan(Plans.everything))["changes"]?.arrayValue)
    #expect(changes.count == 8)
    let always = [
      "action_reason", "actions", "address", "fields", "impact", "kind", "protected", "reversible",
      "wave",
    ]
    for change in changes {
      #expect(keys(change).filter { $0 != "blocked" } == always)
      for field in change["fields"]?.arrayValue ?? [] {
        let optional = ["after", "after_fp", "before", "before_fp", "drift_from"]
        #expect(keys(field).filter { !optional.contains($0) } == ["op", "path", "sensitive"])
      }
    }
  }

  @Test func changeIsWrittenOutInFull() throws {
    let changes = try #require(try json(Planner.plan(Plans.everything))["changes"]?.arrayValue)
    let drift = try #require(changes.first { $0["address"] == "modes/run/" })
    #expect(
      drift == [
        "address": "modes/run/", "kind": "modes", "actions": ["update"],
        "action_reason": "drift", "impact": "none", "wave": 0, "reversible": true,
        "protected": false,
        "fields": [
          [
            "path": "/mode", "op": "change", "before": "0755", "after": "0700",
            "before_fp": .string(SHA256.digest("0755" as JSONValue).rawValue),
            "after_fp": .string(SHA256.digest("0700" as JSONValue).rawValue),
            "sensitive": false, "drift_from": "0700",
          ]
        ],
      ])
  }

  @Test func policyAndEnvironmentHaveTheirKeys() throws {
    let value = try json(Planner.plan(Plans.everything))
    let policy = try #require(value["policy"]?.arrayValue?.first)
    let names = ["id", "message", "pack", "path", "remedy", "result", "runbook"]
    #expect(keys(policy) == names)
    let environment = try #require(value["environment"]?.arrayValue?.first)
    #expect(keys(environment) == ["path", "value", "variable"])
  }

  @Test func planComesBackFromJSON() throws {
    let plan = Planner.plan(Plans.everything)
    let back = try ApplianceJSON.decode(Plan.self, from: ApplianceJSON.encode(plan))
    #expect(back == plan)
    #expect(back.verifyDigests())
  }

  /// A `null` is a value and has a fingerprint; what is absent has neither.
  @Test func nullComesBackAsAValue() throws {
    let plan = Planner.plan(Plans.creating(["x": .null]))
    let back = try ApplianceJSON.decode(Plan.self, from: ApplianceJSON.encode(plan))
    let field = try #require(back.changes.first?.fields.first)
    #expect(field.after == .null)
    #expect(field.before == nil)
    #expect(back == plan)
    #expect(back.verifyDigests())
  }

  @Test func randomPlansComeBackFromJSON() throws {
    let seed = SplitMix64.seed(of: "plans through JSON")
    var generator = StateGenerator(seed: seed)
    for round in 1...200 {
      var input = PlanInput()
      input.desired = generator.resources().asDesired
      input.applied = generator.resources()
      input.observed = generator.resources().mapValues { .present($0) }
      let plan = Planner.plan(input)
      let bytes = try ApplianceJSON.encode(plan)
      let back = try ApplianceJSON.decode(Plan.self, from: bytes)
      #expect(back == plan, "seed \(seed), round \(round)")
      #expect(back.verifyDigests(), "seed \(seed), round \(round)")
      #expect(try ApplianceJSON.encode(back) == bytes, "seed \(seed), round \(round)")
    }
  }

  @Test func wordsOfThePlanAreStable() {
    let actions: [Change.Action] = [.create, .update, .delete, .adopt, .forget, .noop]
    #expect(actions.map(\.rawValue) == ["create", "update", "delete", "adopt", "forget", "no-op"])
    let reasons: [Change.Reason] = [
      .intentional, .drift, .deletedOutside, .overridesExternal, .alreadyDone, .removed, .converged,
      .readFailed, .notOurs, .pendingMechanism, .secretMissing, .folderIsolation, .protected,
      .blastGuard, .stale, .quarantined, .suspended,
    ]
    #expect(
      reasons.map(\.rawValue) == [
        "intentional", "drift", "deleted-outside", "overrides-external", "already-done", "removed",
        "converged", "read-failed", "not-ours", "pending-mechanism", "secret-missing",
        "folder-isolation", "protected", "blast-guard", "stale", "quarantined", "suspended",
      ])
    let modes: [Plan.Mode] = [.normal, .rollback, .drift]
    #expect(modes.map(\.rawValue) == ["normal", "rollback", "drift"])
    let impacts = Impact.allCases
    #expect(impacts.map(\.rawValue) == ["none", "live", "restart", "replace", "data"])
    #expect(impacts == impacts.sorted())
  }
}
