// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Timeline

/// Who may say what to a waiting call, and how many calls may wait.
struct ApprovalWordTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  @Test("a word is said once, to an approval that is there")
  func saidOnce() async throws {
    try await withStore(path) { store in
      let work = try await store.begin()
      _ = try await store.park(.example("p", of: work), by: "w")
      #expect(await errorCode { try await store.say(.yes("absent")) } == .approvalUnknown)
      #expect(await errorCode { try await store.say(.yes("p", uses: 0)) } == .malformed)
      #expect(await errorCode { try await store.say(.yes("p", uses: .max)) } == .malformed)
      try await store.say(.yes("p"))
      for word in [ApprovalWord.yes("p", uses: 9), .no("p")] {
        #expect(await errorCode { try await store.say(word) } == .approvalDecided)
      }
      let late = try await store.begin("2", session: "s")
      _ = try await store.park(.example("q", of: late, lifetime: 5), by: "w")
      let code = await errorCode { try await store.say(.yes("q"), at: .noon + 5) }
      #expect(code == .approvalExpired)
      let state = try await store.approval(ApprovalID(rawValue: "q"))?.state
      #expect(state == .pending)
    }
  }

  static let requesters: [(client: String, by: String, isRefused: Bool)] = [
    ("token:gateway", "client:token:gateway", true), ("token:gateway", "client:gateway", true),
    ("token:gateway", "token:gateway", true), ("token:gateway", "operator:1000", false),
    ("token:gateway", "client:token:other", false), ("operator", "operator:1000", true),
    ("operator", "operator:0", true), ("operator", "client:operator", true),
    ("operator", "client:token:gateway", false), ("operator2", "operator:1000", false),
    // The same character as one scalar and as two: other bytes, other clients.
    ("token:\u{E9}", "client:token:e\u{301}", false),
    ("token:\u{E9}", "client:token:\u{E9}", true),
  ]

  @Test("who asks for a call may not approve it, but may deny it", arguments: requesters)
  func requester(client: String, by: String, isRefused: Bool) async throws {
    try await withStore(path) { store in
      let work = try await store.begin(client: client)
      _ = try await store.park(.example("p", of: work), by: "w")
      let code = await errorCode { try await store.say(.yes("p", by: by)) }
      #expect(code == (isRefused ? .approvalRequester : nil))
      guard isRefused else { return }
      let status = try await store.status(of: work.id, client: client)
      #expect(status?.state == .waiting)
      #expect(try await store.say(.no("p", by: by)).state == .denied)
    }
  }

  @Test("one principal cannot make others unable to ask, and all of them are bounded")
  func bounded() async throws {
    try await withStore(path) { store in
      let (most, own) = (TimelineStore.pendingLimit, TimelineStore.pendingPrincipalLimit)
      for client in 0..<(most / own) {
        for index in 0..<own {
          let name = "\(client).\(index)"
          let work = try await store.begin(name, session: name, client: "c\(client)")
          _ = try await store.park(.example(name, of: work), by: "w")
        }
        let work = try await store.begin("more", session: "more", client: "c\(client)")
        let code = await errorCode {
          _ = try await store.park(.example("more \(client)", of: work), by: "w")
        }
        #expect(code == .approvalsFull)
        try await store.answer(work, by: "w", "no room")
      }
      let work = try await store.begin("1", client: "new")
      let code = await errorCode { _ = try await store.park(.example("p", of: work), by: "w") }
      #expect(code == .approvalsFull)
      let status = try await store.status(of: work.id, client: "new")
      #expect(status?.state == .processing)
      try await store.say(.no("0.0"))
      _ = try await store.park(.example("p", of: work), by: "w")
      #expect(try await store.approvals(state: .pending).count == most)
    }
  }

  @Test("a word and a request without an end are refused")
  func endless() async throws {
    try await withStore(path) { store in
      let work = try await store.begin()
      for approval in [
        Approval.example("p", of: work, lifetime: .infinity), .example("p", of: work, call: -1),
        .example("p", of: work, call: .max),
      ] {
        let code = await errorCode { _ = try await store.park(approval, by: "w") }
        #expect(code == .malformed)
      }
      _ = try await store.park(.example("p", of: work), by: "w")
      for lifetime in [TimeInterval.infinity, .nan] {
        let code = await errorCode {
          _ = try await store.say(.yes("p"), lifetime: lifetime, at: .noon)
        }
        #expect(code == .malformed)
      }
      let approved = try await store.say(.yes("p"), lifetime: -5, at: .noon)
      #expect(approved.expiresAt == .noon)
    }
  }

  @Test("approvals that are over do not pile up")
  func oldOnesGo() async throws {
    try await withStore(path) { store in
      let work = try await store.begin()
      _ = try await store.park(.example("first", of: work), by: "w")
      try await store.say(.no("first"))
      try await store.pool.write { db in
        try db.execute(
          sql: "UPDATE sqlite_sequence SET seq = ? WHERE name = 'approval'",
          arguments: [ApprovalRows.limit])
      }
      let again = try #require(try await store.lease(to: "w"))
      _ = try await store.park(.example("second", of: again, call: 1), by: "w")
      #expect(try await store.approvals().map(\.id.rawValue) == ["second"])
    }
  }
}
