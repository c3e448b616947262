// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import Foundation
import GRDB

extension TimelineStore {
  /// Anchors that are all kept. Of older ones every hundredth is, and the last one of each log.
  static let anchorLimit = 1_000

  /// Remembers where an audit log stood after a seal, unless that is what was remembered last;
  /// durable on return.
  public func remember(_ anchor: AuditAnchor) async throws {
    guard try await read({ try AuditAnchorRows.newest(in: $0) }) != anchor else { return }
    try await commits.perform { db in
      try AuditAnchorRows.insert(anchor, in: db)
      try AuditAnchorRows.thin(in: db)
    }
  }

  /// The anchors of all logs, in the order in which they were remembered.
  public func auditAnchors() async throws -> [AuditAnchor] {
    try await read { try AuditAnchorRows.all(in: $0) }
  }
}

extension TimelineInspection {
  /// As ``TimelineStore/auditAnchors()``; `nil` where there is no database yet.
  public static func anchors(path: String) throws -> [AuditAnchor]? {
    try read(path) { db in
      try db.tableExists("audit_anchor") ? try AuditAnchorRows.all(in: db) : []
    }
  }
}

/// The rows of `audit_anchor`.
private enum AuditAnchorRows {
  static func all(in db: Database) throws -> [AuditAnchor] {
    try Row.fetchAll(db, sql: "SELECT * FROM audit_anchor ORDER BY sequence").map(anchor)
  }

  static func newest(in db: Database) throws -> AuditAnchor? {
    try Row.fetchOne(db, sql: "SELECT * FROM audit_anchor ORDER BY sequence DESC LIMIT 1")
      .map(anchor)
  }

  static func insert(_ anchor: AuditAnchor, in db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO audit_anchor (origin, size, epoch, chain, root, at) VALUES (?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        anchor.origin, Int64(clamping: anchor.size), Int64(clamping: anchor.epoch), anchor.chain,
        anchor.root, anchor.at.timeIntervalSince1970,
      ])
  }

  static func thin(in db: Database) throws {
    try db.execute(
      sql: """
        DELETE FROM audit_anchor
        WHERE sequence <= (SELECT max(sequence) FROM audit_anchor) - ? AND sequence % 100 <> 0
          AND sequence NOT IN (SELECT max(sequence) FROM audit_anchor GROUP BY origin)
        """, arguments: [TimelineStore.anchorLimit])
  }

  /// The last second of the year 9999, beyond which a time cannot be shown.
  private static let lastSecond: TimeInterval = 253_402_300_799

  private static func anchor(_ row: Row) throws -> AuditAnchor {
    let seconds = min(max(0, try row.number("at")), lastSecond)
    return AuditAnchor(
      origin: try row.text("origin"), size: UInt64(try row.total("size")),
      epoch: UInt64(try row.total("epoch")), chain: try row.text("chain"),
      root: try row.text("root"), at: Date(timeIntervalSince1970: seconds))
  }
}
