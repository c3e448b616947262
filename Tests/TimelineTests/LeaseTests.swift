// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Synchronization
import TestSupport
import Testing

@testable import Timeline

/// Who works on which message, and when.
struct LeaseTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  @Test func givesNothingWhenNothingIsQueued() async throws {
    try await withStore(path) { store in
      let work = try await store.lease(to: "w")
      #expect(work == nil)
    }
  }

  @Test func handsOverEverythingATurnNeeds() async throws {
    try await withStore(path) { store in
      let sent = try await store.queue(.example("hello", key: "1", session: "s-1"))
      let work = try #require(try await store.lease(to: "w"))
      #expect(work.id == sent.id && work.traceID == sent.traceID)
      #expect(work.text == "hello" && work.senderTier == .internal && work.attempt == 1)
      #expect(work.steps == [] && work.history == [])
      let status = try await store.status(of: sent.id, client: sent.client)
      #expect(status?.state == .processing && status?.session == "s-1")
    }
  }

  @Test func keepsTheOrderWithinASessionAndLetsSessionsRunBesideEachOther() async throws {
    try await withStore(path) { store in
      for (text, session) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a"), ("b2", "b")] {
        try await store.queue(.example(text, key: text, session: session))
      }
      let a1 = try #require(try await store.lease(to: "one"))
      let b1 = try #require(try await store.lease(to: "two"))
      #expect([a1.text, b1.text] == ["a1", "b1"])
      #expect(try await store.lease(to: "three") == nil)
      try await store.answer(b1, by: "two", "B1")
      let b2 = try #require(try await store.lease(to: "two"))
      #expect(b2.text == "b2")
      #expect(try await store.lease(to: "three") == nil)
      try await store.answer(a1, by: "one", "A1")
      #expect(try await store.lease(to: "three")?.text == "a2")
      #expect(try await store.counts() == ["answered": 2, "processing": 2, "queued": 1])
    }
  }

  @Test func sessionsOfDifferentClientsAndSendersAreDifferent() async throws {
    try await withStore(path) { store in
      try await store.setChannel("team", policy: .open, senders: [])
      try await store.queue(.example(key: "1", client: "a"))
      try await store.queue(.example(key: "1", client: "b"))
      try await store.queue(.delivered(by: "U1", key: "1"))
      try await store.queue(.delivered(by: "U2", key: "2"))
      var sessions: Set<SessionKey> = []
      while let work = try await store.lease(to: "w") { sessions.insert(work.session) }
      #expect(sessions.count == 4)
    }
  }

  @Test func manyWorkersNeverShareAMessageOrASession() async throws {
    try await withStore(path) { store in
      for index in 0..<60 {
        try await store.queue(.example("\(index)", key: "\(index)", session: "s\(index % 6)"))
      }
      let log = SharedLog()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for worker in 0..<8 {
          group.addTask {
            while let work = try await store.lease(to: "w\(worker)") {
              log.state.withLock { $0.begin(work) }
              await Task.yield()
              log.state.withLock { $0.end(work) }
              try await store.answer(work, by: "w\(worker)", "done")
            }
          }
        }
        try await group.waitForAll()
      }
      let (violations, texts) = log.state.withLock { ($0.violations, $0.texts) }
      #expect(violations == [])
      for (session, order) in texts {
        #expect(order == order.sorted(), "\(session.rawValue)")
        #expect(order.count == 10, "\(session.rawValue)")
      }
      #expect(try await store.counts() == ["answered": 60])
    }
  }

  private final class SharedLog: Sendable {
    let state = Mutex(LeaseLog())
  }

  /// What workers held, as they saw it.
  private struct LeaseLog {
    var texts: [SessionKey: [Int]] = [:]
    var violations: [String] = []
    private var active: Set<SessionKey> = []

    mutating func begin(_ work: Work) {
      if !active.insert(work.session).inserted { violations.append("two of \(work.session)") }
      texts[work.session, default: []].append(Int(work.text) ?? -1)
    }

    mutating func end(_ work: Work) { active.remove(work.session) }
  }
}
