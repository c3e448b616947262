// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import GRDB
import TestSupport
import Testing

@testable import Timeline

/// Many changes, one flush: each of them stands or falls alone, and is told the truth.
struct GroupCommitTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  private struct Refusal: Error {}

  /// Puts a row for `name` into the table of tiers.
  private static func insert(_ name: String, into db: Database) throws {
    try db.execute(
      sql: "INSERT INTO sender_tier (sender, tier) VALUES (?, 'owner')", arguments: [name])
  }

  /// Runs changes at once; gives the numbers of those that reported success.
  private func perform(
    _ count: Int, on store: TimelineStore,
    _ change: @escaping @Sendable (Int, Database) throws -> Void
  ) async -> Set<Int> {
    await withTaskGroup(of: Int?.self) { group in
      for index in 0..<count {
        group.addTask {
          let code = await errorCode {
            try await store.commits.perform { db in try change(index, db) }
          }
          return code == nil ? index : nil
        }
      }
      return await group.reduce(into: []) { done, index in
        index.map { _ = done.insert($0) }
      }
    }
  }

  private func storedNumbers() async throws -> Set<Int> {
    try await withStore(path) { store in
      Set(try await store.rows("SELECT sender FROM sender_tier").compactMap { Int($0) })
    }
  }

  @Test func returnsTheValueOfTheChange() async throws {
    try await withStore(path) { store in
      let value = try await store.commits.perform { db in
        try String.fetchOne(db, sql: "SELECT 'x' || count(*) FROM inbound")
      }
      #expect(value == "x0")
    }
  }

  @Test func everyAcknowledgedChangeIsThereAfterwards() async throws {
    let done = try await withStore(path) { store in
      await perform(1_000, on: store) { index, db in try Self.insert("\(index)", into: db) }
    }
    #expect(done.count == 1_000)
    #expect(try await storedNumbers() == done)
  }

  @Test func aFailingChangeUndoesOnlyItself() async throws {
    let done = try await withStore(path) { store in
      await perform(300, on: store) { index, db in
        try Self.insert("\(index)", into: db)
        if index % 3 == 1 { throw Refusal() }
        if index % 3 == 2 { try Self.insert("\(index)", into: db) }
      }
    }
    #expect(done == Set((0..<300).filter { $0 % 3 == 0 }))
    #expect(try await storedNumbers() == done)
  }

  @Test func tellsWhatFailed() async throws {
    try await withStore(path) { store in
      await #expect(throws: Refusal.self) {
        try await store.commits.perform { _ in throw Refusal() }
      }
      let code = await errorCode {
        try await store.commits.perform { try $0.execute(sql: "SELECT * FROM absent") }
      }
      #expect(code == .timelineFailed)
      try await store.queue(.example(key: "1"))
    }
  }

  @Test func aFullDiskIsReportedToEverybodyItHits() async throws {
    let text = String(repeating: "x", count: 16 << 10)
    try await withStore(path) { store in
      try await store.pool.writeWithoutTransaction { db in
        let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        try db.execute(sql: "PRAGMA max_page_count = \(pages + 40)")
      }
      let done = await perform(60, on: store) { index, db in
        try Self.insert("\(index)", into: db)
        try Self.insert("\(index) \(text)", into: db)
      }
      #expect(done.count < 60)
      let rows = try await store.rows("SELECT sender FROM sender_tier WHERE length(sender) < 9")
      #expect(Set(rows.compactMap { Int($0) }) == done)
      #expect(try await store.count("sender_tier") == 2 * done.count)
      let tooMuch = await perform(1, on: store) { _, db in
        try Self.insert(String(repeating: text, count: 64), into: db)
      }
      #expect(tooMuch == [] && store.commits.hasFailed)
      try await store.pool.writeWithoutTransaction {
        try $0.execute(sql: "PRAGMA max_page_count = 1073741823")
      }
      try await store.probe()
      #expect(!store.commits.hasFailed)
      let more = await perform(60, on: store) { index, db in
        try Self.insert("again \(index) \(text)", into: db)
      }
      #expect(more.count == 60)
    }
  }

  @Test func refusesChangesAfterItIsClosed() async throws {
    let store = try TimelineStore(path: path)
    try store.close()
    let changed = await errorCode {
      try await store.setSenders(owners: ["U1"], internal: [], denied: [])
    }
    #expect(changed == .timelineFailed)
    let admitted = await errorCode { try await store.queue(.example(key: "1")) }
    #expect(admitted == .timelineFailed)
    let read = await errorCode { _ = try await store.counts() }
    #expect(read == .timelineFailed)
    let probed = await errorCode { try await store.probe() }
    #expect(probed == .timelineFailed)
    #expect(try await storedNumbers() == [])
  }

  @Test func closingEndsChangesOneWayOrTheOther() async throws {
    for _ in 1...10 {
      let store = try TimelineStore(path: path)
      async let changes = perform(100, on: store) { index, db in
        try db.execute(
          sql: "INSERT OR REPLACE INTO sender_tier (sender, tier) VALUES (?, 'owner')",
          arguments: ["\(index)"])
      }
      await Task.yield()
      try store.close()
      let done = await changes
      #expect(try await storedNumbers() == done)
      try await withStore(path) { try await $0.setSenders(owners: [], internal: [], denied: []) }
    }
  }
}
