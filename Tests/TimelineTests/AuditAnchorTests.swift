// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Timeline

/// What the timeline remembers of the audit log's seals.
struct AuditAnchorTests {
  private let folder: TemporaryFolder
  private var path: String { folder("timeline.db") }

  init() throws { folder = try TemporaryFolder() }

  private static func anchor(_ size: UInt64, of origin: String = "one") -> AuditAnchor {
    AuditAnchor(
      origin: origin, size: size, epoch: size / 10, chain: "chain \(size)", root: "root \(size)",
      at: .noon.addingTimeInterval(Double(size)))
  }

  @Test func anchorsAreKeptInTheirOrder() async throws {
    let anchors = [Self.anchor(11), Self.anchor(22), Self.anchor(5, of: "two"), Self.anchor(22)]
    try await withStore(path) { store in
      #expect(try await store.auditAnchors().isEmpty)
      for anchor in anchors { try await store.remember(anchor) }
      #expect(try await store.auditAnchors() == anchors)
    }
    #expect(try TimelineInspection.anchors(path: path) == anchors)
    let reopened = try await withStore(path) { try await $0.auditAnchors() }
    #expect(reopened == anchors)
  }

  @Test func whatIsRememberedAlreadyIsNotWritten() async throws {
    try await withStore(path) { store in
      for _ in 0..<3 { try await store.remember(Self.anchor(11)) }
      #expect(try await store.count("audit_anchor") == 1)
    }
  }

  @Test func olderAnchorsThinOut() async throws {
    try await withStore(path) { store in
      try await store.pool.write { db in
        try db.execute(
          sql: """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1249)
            INSERT INTO audit_anchor (origin, size, epoch, chain, root, at)
              SELECT iif(i <= 50, 'one', 'two'), i, i, 'c', 'r', 1.0 FROM n
            """)
      }
      try await store.remember(Self.anchor(1_250, of: "two"))
      let sizes = try await store.auditAnchors().map(\.size)
      #expect(sizes == [50, 100, 200] + Array(251...1_250))
      try await store.remember(Self.anchor(1_251, of: "two"))
      #expect(try await store.auditAnchors().map(\.size) == [50, 100, 200] + Array(252...1_251))
    }
  }

  @Test func databaseOfAnEarlierVersionHasNone() throws {
    #expect(try TimelineInspection.anchors(path: path) == nil)
    let queue = try DatabaseQueue(path: path)
    try TimelineMigrations.migrator.migrate(queue, upTo: "2-authentication")
    try queue.close()
    #expect(try TimelineInspection.anchors(path: path) == [])
  }

  @Test(arguments: ["size = -1", "epoch = -9223372036854775807", "at = 9e999"])
  func impossibleValueIsRefused(change: String) async throws {
    try await withStore(path) { store in
      try await store.remember(Self.anchor(11))
      try await store.pool.write { try $0.execute(sql: "UPDATE audit_anchor SET \(change)") }
      #expect(await errorCode { _ = try await store.auditAnchors() } == .timelineFailed)
    }
    let error = #expect(throws: ApplianceError.self) { try TimelineInspection.anchors(path: path) }
    #expect(error?.code == .timelineFailed)
  }

  @Test(arguments: ["1e300", "-1e300", "0.0"])
  func timeBeyondAllOfThemCanBeShown(time: String) async throws {
    try await withStore(path) { store in
      try await store.remember(Self.anchor(11))
      try await store.pool.write { try $0.execute(sql: "UPDATE audit_anchor SET at = \(time)") }
      let anchors = try await store.auditAnchors()
      #expect(try ApplianceJSON.encode(anchors).count > 100)
    }
  }
}
