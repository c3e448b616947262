// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import GRDB
import GRDBSQLite
import Synchronization
import TestSupport
import Testing

@testable import Timeline

/// What a lease costs, counted.
struct LeaseCostTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  /// Instructions of SQLite's machine that one lease takes.
  private func cost(of store: TimelineStore) async throws -> Int {
    let counter = StepCounter()
    try await store.pool.writeWithoutTransaction { counter.start(on: $0) }
    #expect(try await store.lease(to: "w") != nil)
    try await store.pool.writeWithoutTransaction { counter.stop(on: $0) }
    return counter.steps
  }

  @Test("a lease costs the same, however many messages, sessions and principals wait")
  func leaseCostIsConstant() async throws {
    var costs: [String: Int] = [:]
    let shapes: [(String, Int, clients: Int, sessions: Int)] = [
      ("small", 100, 1, 10), ("long session", 10_000, 1, 1), ("sessions", 10_000, 1, 5_000),
      ("principals", 10_000, 2_000, 1),
    ]
    for (name, count, clients, sessions) in shapes {
      costs[name] = try await withStore(folder("\(name).db")) { store in
        try await store.fill(count, clients: clients, sessions: sessions)
        _ = try await store.lease(to: "w")
        _ = try await store.lease(to: "w")
        if sessions > 1 || clients > 1 { return try await cost(of: store) }
        try await store.releaseLeases(of: "w", at: .noon)
        return try await cost(of: store)
      }
    }
    let small = try #require(costs["small"])
    print("instructions of a lease: \(costs)")
    #expect(small > 0)
    for (name, cost) in costs { #expect(cost < small * 2, "\(name): \(cost), not \(small)") }
  }

  @Test("a session's history is found without its queue")
  func historyIgnoresTheQueue() async throws {
    try await withStore(path) { store in
      for index in 0..<3 {
        let work = try await store.converse("q\(index)", "a\(index)", session: "s")
        #expect(work.history.count == index)
      }
      try await store.fill(5_000, client: "token:gateway", session: { _ in "s" })
      let long = try await cost(of: store)
      #expect(long < 1_000, "\(long)")
    }
  }
}

/// Counts what SQLite executes on a connection.
final class StepCounter: Sendable {
  private let count = Atomic<Int>(0)

  var steps: Int { count.load(ordering: .relaxed) }

  func start(on db: Database) {
    let context = Unmanaged.passUnretained(self).toOpaque()
    sqlite3_progress_handler(
      db.sqliteConnection, 1,
      { context in
        guard let context else { return 0 }
        let counter = Unmanaged<StepCounter>.fromOpaque(context).takeUnretainedValue()
        counter.count.wrappingAdd(1, ordering: .relaxed)
        return 0
      }, context)
  }

  func stop(on db: Database) { sqlite3_progress_handler(db.sqliteConnection, 0, nil, nil) }
}
