// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Timeline

/// A call waits for an operator's word, and runs as often as it was given.
struct ApprovalTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  @Test("a call that needs an approval waits, is approved, and runs once")
  func straightLine() async throws {
    try await withStore(path) { store in
      let work = try await store.begin()
      #expect(try await store.ask(work) == .missing)
      let parked = try await store.park(.example("p", of: work), by: "w")
      #expect(parked == .example("p", of: work))
      let status = try await store.status(of: work.id, client: "token:gateway")
      #expect(status?.state == .waiting)
      #expect(try await store.counts() == ["waiting": 1])
      #expect(try await store.lease(to: "w") == nil)
      let approved = try await store.say(.yes("p"))
      #expect(approved.state == .approved && approved.usesLeft == 1)
      #expect(approved.decidedBy == "operator:1000" && approved.decidedAt == .noon)
      #expect(approved.expiresAt == .noon + 60)
      let again = try #require(try await store.lease(to: "w"))
      #expect(again.id == work.id && again.attempt == 1)
      #expect(try await store.ask(again) == .permitted)
      #expect(try await store.ask(again) == .missing)
      let state = try await store.approval(approved.id)?.state
      #expect(state == .used)
      try await store.releaseLeases(of: "w", at: .noon)
      #expect(try await store.lease(to: "w")?.steps == [.authorised(index: 0)])
    }
  }

  @Test("a word holds for its digest and session only, as often as it says")
  func holdsForItsCall() async throws {
    try await withStore(path) { store in
      let work = try await store.begin()
      _ = try await store.park(.example("p", of: work), by: "w")
      try await store.say(.yes("p", uses: 3))
      let again = try #require(try await store.lease(to: "w"))
      #expect(try await store.ask(again, digest: .call("b")) == .missing)
      #expect(try await store.ask(again, digest: nil) == .missing)
      let other = try await store.begin("2", session: "other")
      #expect(try await store.ask(other) == .missing)
      #expect(try await store.ask(again, at: .noon + 60) == .refused(.expired))
      for call in 0..<3 {
        #expect(try await store.ask(again, call: call) == .permitted)
      }
      #expect(try await store.ask(again, call: 3) == .missing)
    }
  }

  @Test("what was denied is known when the turn goes on")
  func denied() async throws {
    try await withStore(path) { store in
      let work = try await store.begin()
      _ = try await store.park(.example("p", of: work), by: "w")
      let denied = try await store.say(.no("p", by: "client:token:gateway"))
      #expect(denied.state == .denied && denied.note == "no")
      let again = try #require(try await store.lease(to: "w"))
      #expect(try await store.ask(again) == .refused(.denied))
      #expect(try await store.ask(again, call: 1) == .missing)
      #expect(try await store.ask(again, digest: .call("b")) == .missing)
    }
  }

  @Test("what nobody decided or used in time expires, and its turn goes on")
  func expires() async throws {
    try await withStore(path) { store in
      let work = try await store.begin()
      let other = try await store.begin("2", session: "other")
      _ = try await store.park(.example("p", of: work, lifetime: 30), by: "w")
      _ = try await store.park(.example("q", of: other), by: "w")
      try await store.say(.yes("q", uses: 5))
      #expect(try await store.expireApprovals(at: .noon + 29) == [])
      let gone = try await store.expireApprovals(at: .noon + 30)
      #expect(gone.map(\.id.rawValue) == ["p"] && gone.first?.state == .expired)
      #expect(await errorCode { try await store.say(.yes("p")) } == .approvalExpired)
      #expect(try await store.expireApprovals(at: .noon + 60).map(\.id.rawValue) == ["q"])
      let again = try #require(try await store.leaseMany(2).first { $0.id == work.id })
      #expect(try await store.ask(again) == .refused(.expired))
      #expect(try await store.approvals(state: .expired).map(\.id.rawValue) == ["p", "q"])
    }
  }

  @Test("decisions that need no approval are taken as they are")
  func otherDecisions() async throws {
    try await withStore(path) { store in
      let work = try await store.begin()
      let permitted = AccessDecision(.permitted, .withinTier, rule: "tools.tiers")
      let denied = AccessDecision(.denied, .toolDenied, rule: "tools.deny", entry: "exec")
      #expect(try await store.ask(work, decision: permitted, digest: nil) == .permitted)
      #expect(try await store.ask(work, call: 1, decision: denied) == .denied)
      try await store.releaseLeases(of: "w", at: .noon)
      #expect(try await store.lease(to: "w")?.steps == [.authorised(index: 0)])
      let records = try await store.decisions(limit: 2)
      #expect(records.map(\.verdict) == [.denied, .permitted])
      #expect(records.map(\.tool) == ["exec", "exec"] && records[0].entry == "exec")
    }
  }
}
