// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import Timeline

/// Copies of a database that others write to.
struct CaptureTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The texts of a copy, in the order in which they were stored.
  private func texts(_ path: String) throws -> [Int] {
    try TimelineInspection.read(path) { db in
      try String.fetchAll(db, sql: "SELECT text FROM inbound ORDER BY sequence")
    }?.compactMap { Int($0) } ?? []
  }

  @Test(
    "a hundred copies under constant writing each hold exactly what was stored by one moment",
    .timeLimit(.minutes(5)))
  func underLoad() async throws {
    try await withStore(folder("timeline.db")) { store in
      let stored = Stored()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          var number = 0
          while !Task.isCancelled {
            try await store.queue(.example("\(number)", key: "\(number)", session: "s"))
            number += 1
            stored.count.withLock { $0 = number }
          }
        }
        for round in 0..<100 {
          let copy = folder("copy")
          let before = stored.count.withLock { $0 }
          try await store.capture(to: copy)
          // One message more can be stored and not acknowledged yet.
          let after = stored.count.withLock { $0 } + 1
          let facts = try TimelineCapture.facts(path: copy)
          let texts = try texts(copy)
          #expect(texts == Array(0..<texts.count), "round \(round)")
          #expect((before...after).contains(texts.count), "round \(round)")
          #expect(facts.rows["inbound"] == texts.count, "round \(round)")
        }
        group.cancelAll()
        do { try await group.waitForAll() } catch is CancellationError {}
      }
    }
  }

  @Test("a copy is one file, and opens as a timeline; a damaged one is refused")
  func opens() async throws {
    try await withStore(folder("timeline.db")) { store in
      try await store.queue(.example("1", key: "1"))
      try await store.capture(to: folder("copy"))
      try await store.capture(to: folder("copy"))
    }
    try TimelineCapture.copyStopped(folder("timeline.db"), to: folder("stopped"))
    #expect(try TimelineCapture.facts(path: folder("stopped")).rows["inbound"] == 1)
    #expect(Set(try folder.contents().keys).isDisjoint(with: ["copy-wal", "copy-shm"]))
    try await withStore(folder("copy")) { store in
      let counts = try await store.counts()
      #expect(counts == ["queued": 1])
    }
    var bytes = try #require(try folder.contents()["stopped"])
    for index in 4_096..<8_192 where index < bytes.count { bytes[index] = 0xFF }
    try bytes.write(to: .init(filePath: folder("stopped")))
    #expect(throws: ApplianceError.self) { try TimelineCapture.facts(path: folder("stopped")) }
    #expect(throws: ApplianceError.self) {
      try TimelineCapture.copyStopped(folder("none"), to: folder("x"))
    }
  }
}

/// How many messages were acknowledged.
private final class Stored: Sendable {
  let count = Mutex(0)
}
