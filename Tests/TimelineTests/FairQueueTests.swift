// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import Timeline

/// Turns are shared between those who write, however much each of them wrote.
struct FairQueueTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  @Test("who floods the queue delays nobody else")
  func floodDelaysNobody() async throws {
    try await withStore(path) { store in
      try await store.fill(2_000, client: "flood", session: { "s\($0 % 50)" })
      for index in 0..<10 {
        try await store.queue(.example("\(index)", key: "\(index)", client: "c\(index)"))
      }
      var clients: [String] = []
      for _ in 0..<11 {
        let work = try #require(try await store.lease(to: "w"))
        clients.append(work.principal.client)
        try await store.answer(work, by: "w", "done")
      }
      #expect(clients == ["flood"] + (0..<10).map { "c\($0)" })
    }
  }

  @Test("who has fewer running turns is served first")
  func fewestRunningFirst() async throws {
    try await withStore(path) { store in
      try await store.fill(40, client: "flood", session: { "s\($0)" })
      var held: [Work] = []
      for _ in 0..<4 { held.append(try #require(try await store.lease(to: "w"))) }
      try await store.fill(3, client: "late", session: { "s\($0)" })
      for _ in 0..<4 { held.append(try #require(try await store.lease(to: "w"))) }
      let clients = held.map(\.principal.client)
      #expect(clients == ["flood", "flood", "flood", "flood", "late", "late", "late", "flood"])
    }
  }

  @Test("a principal has no more turns at a time than its share, and gets the next as one ends")
  func share() async throws {
    try await withStore(path) { store in
      try await store.fill(10, client: "flood", session: { "s\($0)" })
      var held: [Work] = []
      while let work = try await store.lease(to: "w", share: 3) { held.append(work) }
      #expect(held.count == 3)
      try await store.fill(1, client: "late", session: { "s\($0)" })
      let late = try #require(try await store.lease(to: "w", share: 3))
      #expect(late.principal.client == "late")
      try await store.answer(late, by: "w", "done")
      #expect(try await store.lease(to: "w", share: 3) == nil)
      try await store.answer(held.removeFirst(), by: "w", "done")
      let next = try #require(try await store.lease(to: "w", share: 3))
      #expect(next.text == "3")
      #expect(try await store.lease(to: "w", share: 3) == nil)
    }
  }

  @Test("principals take turns, and so do the sessions of one")
  func takesTurns() async throws {
    try await withStore(path) { store in
      for client in ["a", "b"] {
        try await store.fill(6, client: client, session: { "\($0 % 2)" })
      }
      var order: [String] = []
      while let work = try await store.lease(to: "w") {
        order.append("\(work.principal.client)\(work.session.rawValue.suffix(1)) \(work.text)")
        try await store.answer(work, by: "w", "done")
      }
      #expect(
        order == [
          "a0 0", "b0 0", "a1 1", "b1 1", "a0 2", "b0 2", "a1 3", "b1 3", "a0 4", "b0 4", "a1 5",
          "b1 5",
        ])
    }
  }

  @Test("a thousand sessions are served in order, none twice, over restarts in the middle")
  func thousandSessions() async throws {
    let (sessions, each) = (1_000, 10)
    try await withStore(path) { store in
      try await store.fill(sessions * each, clients: 20, sessions: sessions / 20)
    }
    var served: [String: [Int]] = [:]
    var isDone = false
    for round in 0..<4 where !isDone {
      let store = try TimelineStore(path: path)
      try await store.releaseLeases(of: nil, at: .noon)
      var left = round < 3 ? sessions * each / 4 : Int.max
      while left > 0 {
        let batch = try await store.leaseMany(128)
        if batch.isEmpty { isDone = true }
        guard !batch.isEmpty else { break }
        for work in batch {
          served[work.session.rawValue, default: []].append(Int(work.text) ?? -1)
        }
        try await store.answerMany(batch)
        left -= batch.count
      }
      // Turns that a crash cuts off: leased, never answered, nothing closed in order.
      if round < 3 { _ = try await store.leaseMany(16) }
      try store.pool.close()
    }
    #expect(served.count == sessions)
    for (session, order) in served {
      #expect(order.count == each && order == order.sorted(), "\(session): \(order)")
      #expect(Set(order).count == order.count, "\(session)")
    }
    try await withStore(path) { store in
      let counts = try await store.counts()
      #expect(counts == ["answered": sessions * each])
      #expect(try await store.count("session_queue") == 0)
    }
  }
}
