// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Timeline

/// What the database promises, and which files it takes for its own.
struct DurabilityTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  @Test func flushesTheLogAtEachCommit() async throws {
    for _ in 1...2 {
      try await withStore(path) { store in
        let durability = try store.durability()
        #expect(durability.journalMode == "wal")
        #expect(durability.synchronous == 2)
      }
    }
  }

  @Test func keepsWhatItAcknowledged() async throws {
    let sent = try await withStore(path) { store in
      try await store.setChannel("team", policy: .allowlist, senders: ["U1", "U2"])
      try await store.setSenders(owners: ["U9"], internal: [], denied: [])
      return try await store.queue(.example(key: "1"))
    }
    try await withStore(path) { store in
      let found = try await store.status(of: sent.id, client: sent.client)
      #expect(found == sent)
      #expect(
        try await store.accessRules()
          == AccessRules(
            owners: ["U9"], channels: ["team": AccessRules.Channel(allow: ["U1", "U2"])]))
    }
  }

  @Test func writesTheLogBackWhenItIsClosed() async throws {
    let sent = try await withStore(path) { try await $0.queue(.example(key: "1")) }
    let log = path + "-wal"
    if FileManager.default.fileExists(atPath: log) {
      #expect(try Data(contentsOf: URL(filePath: log)).isEmpty)
      try FileManager.default.removeItem(atPath: log)
    }
    let found = try await withStore(path) { store in
      try await store.status(of: sent.id, client: sent.client)
    }
    #expect(found == sent)
  }

  @Test func leavesOneFileWhenItIsClosed() async throws {
    try await withStore(path) { _ = try await $0.queue(.example(key: "1")) }
    #expect(try folder.contents().keys.sorted() == ["timeline.db"])
  }

  @Test func refusesADatabaseOfANewerVersion() async throws {
    try await withStore(path) { store in
      try await store.pool.write {
        try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('9-future')")
      }
    }
    let error = #expect(throws: ApplianceError.self) { try TimelineStore(path: path) }
    #expect(error?.code == .timelineFailed)
    #expect(error?.message.contains("newer version") == true)
    let queue = try DatabaseQueue(path: path)
    let tables = try await queue.read { try $0.tableExists("inbound") }
    #expect(tables)
    try queue.close()
  }

  @Test func refusesADamagedDatabase() throws {
    try Data(repeating: 0x41, count: 8_192).write(to: URL(filePath: path))
    let error = #expect(throws: ApplianceError.self) { try TimelineStore(path: path) }
    #expect(error?.code == .timelineFailed)
    #expect(try folder.contents()["timeline.db"] == Data(repeating: 0x41, count: 8_192))
  }

  @Test(arguments: [".", "absent/timeline.db"])
  func refusesAPathThatHoldsNoFile(name: String) {
    let error = #expect(throws: ApplianceError.self) { try TimelineStore(path: folder(name)) }
    #expect(error?.code == .timelineFailed)
  }

  @Test func errorsNeverQuoteAMessage() async throws {
    try await withStore(path) { store in
      try await store.pool.write { try $0.execute(sql: "DROP TABLE inbound") }
      do {
        try await store.queue(.example("the secret text", key: "the secret key"))
        Issue.record("a message was stored without a table")
      } catch let error as ApplianceError {
        #expect(error.code == .timelineFailed)
        #expect(!error.description.contains("secret"))
      }
    }
  }
}
