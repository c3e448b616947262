// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Timeline

/// Whether a timeline is intact, asked of one that is open and of one that is not.
struct TimelineProblemTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.makeFolder("state")
  }

  private var path: String { folder("state/timeline.db") }

  /// A timeline with a message and a list, that nobody has open.
  private func make() async throws {
    try await withStore(path) { store in
      try await store.queue(.example(key: "1", session: "quartz-session"))
      try await store.setChannel("team", policy: .allowlist, senders: ["U1"])
      _ = try await store.countFailure(of: SourceNetwork("203.0.113.7"), at: .noon)
    }
  }

  /// What is told of the closed file and then of a store that has it open.
  private func problems(full: Bool) async throws -> [String?] {
    let before = try folder.contents(of: "state")
    let closed = try TimelineInspection.problem(path: path, full: full)
    #expect(try folder.contents(of: "state") == before)
    return [closed, try await withStore(path) { try await $0.problem(full: full) }]
  }

  @Test(arguments: [false, true])
  func anIntactTimelineHasNoProblem(full: Bool) async throws {
    #expect(try TimelineInspection.problem(path: path, full: full) == nil)
    try await make()
    #expect(try await problems(full: full) == [nil, nil])
  }

  @Test(arguments: [false, true])
  func aTimelineThatIsReadAndWrittenMeanwhileHasNone(full: Bool) async throws {
    try await withStore(path) { store in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          for index in 0..<200 { try await store.queue(.example(key: "\(index)")) }
        }
        for _ in 0..<20 { #expect(try await store.problem(full: full) == nil) }
        try await group.waitForAll()
      }
      #expect(try await store.count("inbound") == 200)
    }
  }

  /// What a crash leaves: a database, and a log that has what it lacks.
  @Test(arguments: [false, true])
  func aLogThatWasLeftBehindIsNoProblem(full: Bool) async throws {
    try await withStore(folder("open.db")) { store in
      try await store.queue(.example(key: "1"))
      for suffix in ["", "-wal"] {
        try FileManager.default.copyItem(
          atPath: folder("open.db\(suffix)"), toPath: path + suffix)
      }
    }
    let before = try folder.contents(of: "state")
    #expect(before["timeline.db-wal"]?.isEmpty == false)
    #expect(try TimelineInspection.problem(path: path, full: full) == nil)
    #expect(try folder.contents(of: "state") == before)
  }

  // MARK: Damage

  @Test(
    arguments: ["denial", "channel_sender", "authentication_limit", "inbound_answered"],
    [false, true])
  func aFlippedByteInAPageIsTold(table: String, full: Bool) async throws {
    try await make()
    try await damage { bytes, page in
      // The first byte of a page says what kind it is (SQLite, "Database File Format" §1.6).
      bytes[try page(table).lowerBound] ^= 0xFF
    }
    for problem in try await problems(full: full) {
      let words = try #require(problem)
      #expect(["malformed", "Tree", "btreeInitPage"].contains { words.contains($0) })
    }
  }

  /// Both are readable, and one of them is not what was written.
  @Test func anIndexThatDiffersFromItsRowsIsToldByTheFullCheck() async throws {
    try await make()
    try await damage { bytes, page in
      let range = try page("inbound_open")
      let word = Array("quartz-session".utf8)
      let place = try #require(bytes[range].firstRange(of: word))
      bytes[place.lowerBound] ^= 1
    }
    #expect(try await problems(full: false) == [nil, nil])
    for problem in try await problems(full: true) {
      #expect(problem?.contains("inbound_open") == true)
      #expect(problem?.contains("quartz") == false)
    }
  }

  @Test func aRowThatRefersToNothingIsToldByTheFullCheck() async throws {
    try await make()
    try await write { db in
      try db.execute(
        sql: "INSERT INTO turn_step (message, position, step) VALUES ('gone', 0, '{}')")
    }
    #expect(try await problems(full: false) == [nil, nil])
    for problem in try await problems(full: true) {
      #expect(problem == "1 rows refer to rows that are gone")
    }
  }

  @Test(arguments: [false, true])
  func aFileThatWasCutOrOverwrittenIsTold(full: Bool) async throws {
    try await make()
    let whole = try Data(contentsOf: URL(filePath: path))
    for bytes in [
      whole.prefix(whole.count / 2), whole.dropLast(4_096), Data(repeating: 0x41, count: 8_192),
    ] {
      try Data(bytes).write(to: URL(filePath: path))
      let problem = try TimelineInspection.problem(path: path, full: full)
      #expect(
        problem?.hasPrefix("timeline.db: ") == true, "\(bytes.count) bytes: \(problem ?? "-")")
    }
  }

  /// A name in the way is a fault of the host, and not of the timeline.
  @Test func whatCannotBeExaminedIsNotCalledIntact() throws {
    try Data("x".utf8).write(to: URL(filePath: folder("file")))
    let problem = try TimelineInspection.problem(path: folder("file/timeline.db"), full: false)
    #expect(problem?.contains("cannot examine") == true)
  }

  /// Changes the bytes of the file; `page` gives where the first page of a table or index lies.
  private func damage(
    _ body: (_ bytes: inout [UInt8], _ page: (String) throws -> Range<Int>) throws -> Void
  ) async throws {
    let (roots, size) = try await read { db in
      let rows = try Row.fetchAll(db, sql: "SELECT name, rootpage FROM sqlite_master")
      let roots = try rows.map { (try $0.text("name"), try $0.integer("rootpage")) }
      return (
        Dictionary(roots, uniquingKeysWith: max), try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0
      )
    }
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    try body(&bytes) { name in
      let number = try #require(roots[name])
      return (number - 1) * size..<number * size
    }
    try Data(bytes).write(to: URL(filePath: path))
  }

  /// With another connection, as somebody with a tool has it.
  private func read<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    let queue = try DatabaseQueue(path: path)
    let value = try await queue.read(body)
    try queue.close()
    return value
  }

  /// Without the checks that the store has.
  private func write(_ body: @escaping @Sendable (Database) throws -> Void) async throws {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try await queue.write(body)
    try queue.close()
  }
}
