// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import Foundation
import Testing
import Timeline

@testable import Daemon
@testable import DesiredState

/// Whatever cannot be decided, or recorded, does not happen.
struct FailingClosedTests {
  private static let spec = ApplianceSpec.running("/usr/bin/cat")

  @Test("nothing is authorised while the audit log cannot be written")
  func unwritableAudit() async throws {
    try await withBench(Self.spec) { bench in
      try await bench.permitExec()
      let id = try await bench.turn("w", asking: .exec(0, "notes"))
      let before = try await bench.store.work(id, by: "w").steps
      try bench.breakAudit()
      let code = await errorCode { _ = try await bench.verdict(id, 0, "w") }
      #expect(code == .auditUnwritten)
      #expect(try await bench.store.work(id, by: "w").steps == before)
      #expect(bench.access.authority.grants.take(CallPlace(id, 0, worker: "w")) == nil)
      #expect(try await bench.toolDecisions().isEmpty)
      try bench.mendAudit()
      #expect(try await bench.verdict(id, 0, "w") == .permitted)
    }
  }

  @Test("no call is parked while the audit log cannot be written")
  func unwritableAuditOfApproval() async throws {
    try await withBench(Self.spec) { bench in
      try await bench.permitExec()
      try await bench.store.setToolPolicy(
        ToolPolicy(tiers: [.unknown: .highRisk], approvals: ["group:all"]))
      let id = try await bench.turn("w", asking: .exec(0, "notes"))
      try bench.breakAudit()
      #expect(await errorCode { _ = try await bench.verdict(id, 0, "w") } == .auditUnwritten)
      #expect(try await bench.store.approvals().isEmpty)
      try bench.mendAudit()
      guard case .parked(let approval) = try await bench.verdict(id, 0, "w") else {
        Issue.record("not parked")
        return
      }
      try bench.breakAudit()
      let word = ApprovalWord(id: approval, isApproved: true, by: "operator:1000")
      #expect(await errorCode { _ = try await bench.access.desk.say(word) } == .auditUnwritten)
      #expect(try await bench.store.approval(approval)?.state == .pending)
      #expect(try await bench.store.lease(to: "w") == nil)
    }
  }

  @Test("a call is denied before anything was applied")
  func noSettings() async throws {
    try await withBench(Self.spec) { bench in
      try await bench.permitExec()
      let id = try await bench.turn("w", asking: .exec(0, "notes"))
      let settings = bench.inForce.value
      bench.inForce.value = nil
      guard case .denied = try await bench.verdict(id, 0, "w") else {
        Issue.record("not denied")
        return
      }
      #expect(bench.access.authority.grants.take(CallPlace(id, 0, worker: "w")) == nil)
      #expect(!(try await bench.isAuthorised(id, "w")))
      let budget = try await bench.access.reserve(1, for: id, worker: "w")
      guard case .refused = budget else {
        Issue.record("\(budget)")
        return
      }
      bench.inForce.value = settings
      #expect(try await bench.verdict(id, 0, "w") == .permitted)
    }
  }

  @Test("without rules nobody is admitted")
  func noRules() async throws {
    try await withBench(nil) { bench in
      let message = InboundMessage(
        channel: "team", client: "channel:team", sender: "U1", session: "", text: "hello",
        idempotencyKey: "1")
      let admission = try await bench.access.admit(message)
      #expect(admission == .denied(.unknownSender))
    }
  }

  @Test("a call that was never recorded is an error", arguments: [-1, 1, 7, Int.max, Int.min])
  func unknownIndex(index: Int) async throws {
    try await withBench(Self.spec) { bench in
      try await bench.permitExec()
      let id = try await bench.turn("w", asking: .exec(0, "notes"))
      #expect(await errorCode { _ = try await bench.verdict(id, index, "w") } == .inconsistent)
      let run = await errorCode { _ = try await bench.access.exec.run(id, index, worker: "w") }
      #expect(run == .inconsistent)
      #expect(!(try await bench.isAuthorised(id, "w")))
    }
  }

  @Test("an agent cannot authorise its own call")
  func ownAuthorisation() async throws {
    try await withBench(Self.spec) { bench in
      try await bench.permitExec()
      let id = try await bench.turn("w", asking: .exec(0, "notes"))
      let code = await errorCode { try await bench.record(.authorised(index: 0), of: id, "w") }
      #expect(code == .roleViolation)
      #expect(!(try await bench.isAuthorised(id, "w")))
      #expect(bench.access.authority.grants.take(CallPlace(id, 0, worker: "w")) == nil)
    }
  }

  @Test("a call that holds a secret, by its agent's own record, does not run")
  func blockedCall() async throws {
    try await withBench(Self.spec) { bench in
      try await bench.permitExec()
      let call = ToolCall(index: 0, tool: ToolName.readFile, arguments: [:], blocked: ["key"])
      let id = try await bench.turn("w", asking: call)
      guard case .denied = try await bench.verdict(id, 0, "w") else {
        Issue.record("not denied")
        return
      }
      #expect(!(try await bench.isAuthorised(id, "w")))
    }
  }
}
