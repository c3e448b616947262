// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Timeline

/// What was decided, about whom, and by which rule.
struct DecisionTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  @Test("a message's decisions are kept from its admission to the approved call")
  func keepsDecisions() async throws {
    try await withStore(path) { store in
      let work = try await store.begin()
      _ = try await store.ask(work)
      _ = try await store.park(.example("p", of: work), by: "w")
      try await store.say(.yes("p"))
      _ = try await store.lease(to: "w")
      _ = try await store.authorise(
        work.id, call: 0, tool: "exec", by: "w", decision: .needed, digest: .call("a"),
        revision: "c0ffee", at: .noon + 1)
      let approval = ApprovalID(rawValue: "p")
      func record(
        _ kind: DecisionRecord.Kind, _ verdict: AccessDecision.Verdict, approval: ApprovalID? = nil,
        revision: String? = nil, after seconds: TimeInterval = 0
      ) -> DecisionRecord {
        let isTool = kind == .tool
        return DecisionRecord(
          at: .noon + seconds, kind: kind, principal: work.principal, tool: isTool ? "exec" : nil,
          verdict: verdict, reason: isTool ? "approval-required" : "client",
          rule: isTool ? "tools.approvals" : "builtin.client", entry: isTool ? "exec" : nil,
          message: work.id, approval: approval, revision: revision)
      }
      let found = try await store.decisions(limit: 10)
      #expect(
        found == [
          record(.tool, .permitted, approval: approval, revision: "c0ffee", after: 1),
          record(.tool, .needsApproval), record(.admission, .permitted),
        ])
      #expect(try await store.decisions(limit: 1) == [found[0]])
      #expect(try await store.decisions(limit: -1) == [])
    }
  }

  @Test("room and sender of a refused message are kept")
  func keepsThePrincipal() async throws {
    try await withStore(path) { store in
      for isMention in [true, false] {
        let message = InboundMessage(
          channel: "team", client: "c", sender: "U1", session: "", text: "", idempotencyKey: "1",
          place: InboundMessage.Place(room: "R", isMention: isMention))
        _ = try await store.admit(message, at: .noon)
        let record = try #require(try await store.decisions(limit: 1).first)
        #expect(record.principal == message.principal && record.message == nil)
        #expect(record.verdict == .denied && record.reason == "unknown-channel")
      }
    }
  }

  @Test("decisions are counted by channel, verdict and reason, also after a restart")
  func counts() async throws {
    try await withStore(path) { store in
      try await store.setChannel("team", policy: .allowlist, senders: ["U1"])
      for index in 0..<3 { try await store.queue(.delivered(by: "U1", key: "\(index)")) }
      for name in ["x", "y"] {
        _ = try await store.admit(.delivered(by: "U1", on: name), at: .noon)
      }
      _ = try await store.admit(.delivered(by: "U2", key: "other"), at: .noon)
    }
    let counts = try await withStore(path) { try await $0.decisionCounts() }
    let texts = counts.map { "\($0.channel) \($0.verdict.rawValue) \($0.reason) \($0.count)" }
    #expect(
      texts == [
        "(unknown) denied unknown-channel 2", "team denied unknown-sender 1",
        "team permitted listed 3",
      ])
  }

  @Test("the oldest records go, their counts stay", arguments: ["access_decision", "denial"])
  func bounded(table: String) async throws {
    try await withStore(path) { store in
      let unknown = InboundMessage.delivered(by: "U1")
      _ = try await store.admit(unknown, at: .noon)
      _ = try await store.admit(unknown, at: .noon + 1)
      try await store.pool.write { db in
        try db.execute(
          sql: "UPDATE sqlite_sequence SET seq = ? WHERE name = ?",
          arguments: [DecisionRow.limit, table])
      }
      _ = try await store.admit(unknown, at: .noon + 2)
      let times = try await store.rows("SELECT at FROM \(table) ORDER BY sequence")
      #expect(times == ["1750000001.0", "1750000002.0"])
      #expect(try await store.decisionCounts().map(\.count) == [3])
      #expect(try await store.denialTotals() == ["unknown-sender": 3])
    }
  }
}
