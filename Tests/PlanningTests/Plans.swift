// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials

@testable import Planning

/// Plans to render and to encode.
enum Plans {
  /// One of each: creation, update, drift, deletion, adoption, refusal, failed read.
  static var everything: PlanInput {
    var input = PlanInput()
    input.host = "edge-1"
    input.source = source
    input.serial = 41
    input.created = Date(timeIntervalSince1970: 1_800_000_000)
    input.desired = [
      Resource(.component, "gateway", ["host": "::1", "port": 8_001, "state": "running"]),
      Resource(.senders, "web", ["allow": ["alice", "carol"], "policy": "allowlist"]),
      Resource(.modes, "run/", ["mode": "0700"]),
      Resource(.workspace, "AGENTS.md", ["digest": "sha256:aa"]),
      Resource(.workspace, "mine.md", ["digest": "sha256:bb"]),
      Resource(.secret, "env:TOKEN", ["present": true]),
      Resource(.configuration, "config.json", ["digest": "sha256:cc"]),
    ]
    input.applied = [
      address("component/gateway"): ["host": "::1", "port": 8_000, "state": "running"],
      address("modes/run/"): ["mode": "0700"],
      address("workspace/old.md"): ["digest": "sha256:dd"],
      address("senders/web"): ["allow": ["alice", "bob"], "policy": "allowlist"],
    ]
    input.observed = [
      address("component/gateway"): .present(["host": "::1", "port": 8_000, "state": "running"]),
      address("senders/web"): .present(["allow": ["alice", "bob"], "policy": "allowlist"]),
      address("modes/run/"): .present(["mode": "0755"]),
      address("workspace/AGENTS.md"): .absent,
      address("workspace/mine.md"): .present(["digest": "sha256:ee"]),
      address("workspace/old.md"): .present(["digest": "sha256:dd"]),
      address("secret/env:TOKEN"): .present(["present": true]),
      address("configuration/config.json"): .unknown("EIO"),
    ]
    input.policy = [
      policy("pass"), policy("deny", id: "exec-restricted", path: "tools.exec.restrictWorkspace"),
    ]
    input.environment = [
      .init(path: "gateway.port", variable: "KAFCLAW_GATEWAY_PORT", value: 8_001)
    ]
    input.warnings = ["commits are not verified"]
    return input
  }

  /// ``everything``, and one of each thing that is held back.
  static var rich: PlanInput {
    var input = everything
    input.source = Plan.Source(
      repository: "/srv/config.git", branch: "main",
      headCommit: "0123456789abcdef0123456789abcdef01234567",
      headTree: "76543210fedcba9876543210fedcba9876543210", verification: "head",
      baseCommit: "1123456789abcdef0123456789abcdef01234567",
      baseTree: "86543210fedcba9876543210fedcba9876543210", verifiedBy: "olga")
    input.desired += [
      Resource(.modes, "reconciler/", ["mode": "0700"]),
      Resource(.component, "agent", ["state": "running", "tiers": ["owner": "write"]]),
      Resource(.senders, "desk", ["policy": "open"]),
    ]
    input.drift = [.senders: .report]
    for (name, isLive) in [("kept.md", true), ("forgotten.md", false)] {
      input.applied[address("workspace/\(name)")] = ["digest": "sha256:ff"]
      input.observed[address("workspace/\(name)")] =
        isLive ? .present(["digest": "sha256:ff"]) : .absent
    }
    input.applied[address("senders/desk")] = ["policy": "open"]
    input.observed[address("senders/desk")] = .present(["policy": "closed"])
    input.applied[address("modes/reconciler/")] = ["mode": "0700"]
    input.observed[address("modes/reconciler/")] = .present(["mode": "0700"])
    input.observed[address("component/agent")] = .absent
    input.protected = [address("workspace/kept.md"), address("senders/web")]
    input.refusals = [PlanRefusal(address("component/agent"), .folderIsolation, "not apart")]
    return input
  }

  static let source = Plan.Source(
    repository: "/srv/config.git", branch: "main",
    headCommit: "0123456789abcdef0123456789abcdef01234567",
    headTree: "76543210fedcba9876543210fedcba9876543210", verification: "none")

  static func policy(_ result: String, id: String = "local", path: String = "") -> Plan.PolicyResult
  {
    Plan.PolicyResult(
      id: id, pack: "baseline", result: result, message: "The title", runbook: "1.3",
      remedy: "The remedy.", path: path)
  }

  /// An address that a test writes as text; a mistyped one shows up as `modes/`.
  static func address(_ text: String) -> ResourceAddress {
    ResourceAddress(text) ?? ResourceAddress(.modes, "")
  }

  /// One resource of a kind, new, with these fields.
  static func creating(
    _ fields: ResourceFields, kind: ResourceKind = .senders, name: String = "web"
  ) -> PlanInput {
    var input = PlanInput()
    input.desired = [Resource(kind, name, fields)]
    input.observed = [ResourceAddress(kind, name): .absent]
    return input
  }
}
