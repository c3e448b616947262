// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import Testing

@testable import Planning

/// The stored form, byte by byte.
///
/// Hashes of Swift differ from process to process, so that agreeing with constants also means not
/// depending on them, nor on locale or machine.
struct GoldenPlanTests {
  private static var input: PlanInput {
    var input = PlanInput()
    input.host = "edge-1"
    input.serial = 3
    input.created = Date(timeIntervalSince1970: 1_800_000_000.75)
    input.source = Plan.Source(
      repository: "/srv/config.git", branch: "main", headCommit: String(repeating: "c", count: 40),
      headTree: String(repeating: "a", count: 40), verification: "head",
      baseCommit: String(repeating: "d", count: 40), baseTree: String(repeating: "b", count: 40),
      verifiedBy: "olga")
    input.desired = [
      Resource(
        .component, "gateway", ["state": "running", "a/b": ["é": [true, .null], "port": 8_000]]),
      Resource(.modes, "run/", ["mode": "0700"]),
    ]
    input.applied = [
      Plans.address("modes/run/"): ["mode": "0700"],
      Plans.address("workspace/kept.md"): ["digest": "x"],
      Plans.address("workspace/old.md"): ["digest": "y"],
    ]
    input.observed = input.applied.mapValues { .present($0) }
    input.observed[Plans.address("modes/run/")] = .present(["mode": "0755"])
    input.observed[Plans.address("component/gateway")] = .absent
    input.protected = [Plans.address("workspace/kept.md")]
    input.policy = [
      Plan.PolicyResult(
        id: "b", pack: "baseline", result: "warn", message: "m", runbook: "1.3", remedy: "r",
        path: ""),
      Plan.PolicyResult(
        id: "a", pack: "baseline", result: "pass", message: "", runbook: "1.4", remedy: "",
        path: "x.y"),
    ]
    return input
  }

  /// Computed by another program from the description of the digests.
  @Test func digestsAreThoseOfTheDescription() {
    let plan = Planner.plan(Self.input)
    #expect(
      plan.effectDigest.rawValue
        == "sha256:7ca30e11f862e7e494503b2e5d34d7580f9e20a12a05e1b9bf506ab4243bd4b9")
    #expect(
      plan.policyDigest.rawValue
        == "sha256:710cb75718b29303f95030fe2412ef811fba53cc403977fca19feeb7c201bdf3")
    #expect(
      plan.deletionsDigest?.rawValue
        == "sha256:ef1f9571681dd256d94b78cb7f3c098dd80bd749b07fe41c5c338c6719deffae")
    let identity = PlanIdentity(
      format: "1.0", mode: .normal, engine: .init(version: "0.1.0"), host: plan.host,
      source: plan.source, changes: plan.changes, policy: plan.policy,
      notAfter: Date(timeIntervalSince1970: 1_800_086_400))
    #expect(
      identity.plan.rawValue
        == "sha256:ee5b0ed29be55beff2fc4cd45254f369f3cef94233594fa32d6f183739f3b9c3")
    #expect(plan.engine.major != "0" || plan.planDigest == identity.plan)
    #expect(plan.planDigest.short == plan.id)
  }

  @Test func documentStaysAsItIs() throws {
    let plan = Planner.plan(Self.input)
    let text = Self.document
      .replacing("PLAN_ID", with: plan.id)
      .replacing("PLAN_DIGEST", with: plan.planDigest.rawValue)
      .replacing("ENGINE", with: ApplianceVersion.current)
    let expected = try ApplianceJSON.decode(JSONValue.self, from: Array(text.utf8))
    let bytes = try ApplianceJSON.encode(plan)
    #expect(try ApplianceJSON.decode(JSONValue.self, from: bytes) == expected)
    #expect(bytes == CanonicalJSON.bytes(expected))
    #expect(try ApplianceJSON.decode(Plan.self, from: bytes).verifyDigests())
  }

  /// Keys and values that programs of others rely on: add to them, don't change them.
  private static let document = """
    {
      "changes": [
        {
          "action_reason": "protected", "actions": ["delete"], "address": "workspace/kept.md",
          "blocked": "protected; first commit protect: false, then remove it",
          "fields": [
            {
              "before": "x",
              "before_fp": "sha256:ba2df4903a2c14e86dc3bcca58911b44ac1d2514b7227bf6eb08cfb978f55a1b",
              "op": "remove", "path": "/digest", "sensitive": false
            }
          ],
          "impact": "data", "kind": "workspace", "protected": true, "reversible": true,
          "wave": 1
        },
        {
          "action_reason": "removed", "actions": ["delete"], "address": "workspace/old.md",
          "fields": [
            {
              "before": "y",
              "before_fp": "sha256:2bc983a5942276eb00a75e2113a69694318cd28c7de0fc83c0598d9db50eb777",
              "op": "remove", "path": "/digest", "sensitive": false
            }
          ],
          "impact": "data", "kind": "workspace", "protected": false, "reversible": true,
          "wave": 1
        },
        {
          "action_reason": "intentional", "actions": ["create"], "address": "component/gateway",
          "fields": [
            {
              "after": {"port": 8000, "é": [true, null]},
              "after_fp": "sha256:f12fde10f5523f96d0002c02c4b0cb3937e9c16359fcf99790d5b00431c46e77",
              "op": "add", "path": "/a~1b", "sensitive": false
            },
            {
              "after": "running",
              "after_fp": "sha256:79d116a0c160c52732ff18be65ce4681d3bdf027cafd522cd1e076e816304379",
              "op": "add", "path": "/state", "sensitive": false
            }
          ],
          "impact": "restart", "kind": "component", "protected": false, "reversible": true,
          "wave": 3
        },
        {
          "action_reason": "drift", "actions": ["update"], "address": "modes/run/",
          "fields": [
            {
              "after": "0700",
              "after_fp": "sha256:4962ec3a0b2818a90f5ef116da5f517a840b1071e51fba8ee2bef6af2f531067",
              "before": "0755",
              "before_fp": "sha256:d853cf886a8cd7cea78ccabfe8f475676c90702192f4230a5b422f6bb9290678",
              "drift_from": "0700", "op": "change", "path": "/mode", "sensitive": false
            }
          ],
          "impact": "none", "kind": "modes", "protected": false, "reversible": true, "wave": 0
        }
      ],
      "created": "2027-01-15T08:00:00Z",
      "deletions_digest": "sha256:ef1f9571681dd256d94b78cb7f3c098dd80bd749b07fe41c5c338c6719deffae",
      "effect_digest": "sha256:7ca30e11f862e7e494503b2e5d34d7580f9e20a12a05e1b9bf506ab4243bd4b9",
      "engine": {"version": "ENGINE"}, "environment": [], "formatVersion": 1,
      "format_version": "1.0", "host": {"name": "edge-1"}, "kind": "plan", "mode": "normal",
      "not_after": "2027-01-16T08:00:00Z", "plan_digest": "PLAN_DIGEST", "plan_id": "PLAN_ID",
      "policy": [
        {
          "id": "b", "message": "m", "pack": "baseline", "path": "", "remedy": "r",
          "result": "warn", "runbook": "1.3"
        },
        {
          "id": "a", "message": "", "pack": "baseline", "path": "x.y", "remedy": "",
          "result": "pass", "runbook": "1.4"
        }
      ],
      "policy_digest": "sha256:710cb75718b29303f95030fe2412ef811fba53cc403977fca19feeb7c201bdf3",
      "serial": 3,
      "source": {
        "base_commit": "dddddddddddddddddddddddddddddddddddddddd",
        "base_tree": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "head_commit": "cccccccccccccccccccccccccccccccccccccccc",
        "head_tree": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ref": "main",
        "repo": "/srv/config.git", "verified": "head", "verified_by": "olga"
      },
      "summary": {
        "adopt": 0, "blocked": 1, "create": 1, "delete": 1, "drift": 1, "forget": 0,
        "impact_max": "data", "noop": 0, "update": 1
      },
      "warnings": []
    }
    """
}
