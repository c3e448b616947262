// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import GRDB

/// What is known of one principal: channel, client and sender.
struct PrincipalRow {
  /// Rows without an open message that are kept; those that were quiet longest go first.
  static let limit = 10_000
  /// A refusal is recorded this often for one principal. Seconds.
  static let recordInterval: TimeInterval = 60

  let id: Int64
  let queued: Int
  let bucket: SenderBucket?
  private let refusedAt: Double?

  /// The row of a principal, which is made where there is none.
  static func of(_ principal: AccessPrincipal, at now: Date, in db: Database) throws -> PrincipalRow
  {
    let key: StatementArguments = [
      principal.channel, principal.client, principal.sender ?? "", principal.sender != nil,
    ]
    let select = """
      SELECT id, queued, tokens, filled_at, refused_at FROM principal_share
      WHERE channel = ? AND client = ? AND sender = ? AND has_sender = ?
      """
    if let row = try db.row(select, key) { return try PrincipalRow(row) }
    try db.run(
      """
      INSERT INTO principal_share (channel, client, sender, has_sender, seen_at)
      VALUES (?, ?, ?, ?, ?)
      """, key + [now.timeIntervalSince1970])
    let id = db.lastInsertedRowID
    if id % 100 == 0 { try prune(keeping: id, in: db) }
    return PrincipalRow(id: id)
  }

  private init(id: Int64) {
    (self.id, queued, bucket, refusedAt) = (id, 0, nil, nil)
  }

  private init(_ row: Row) throws {
    id = try row.sequence("id")
    queued = try row.total("queued")
    refusedAt = try row.optionalNumber("refused_at")
    let tokens = try row.optionalNumber("tokens")
    let filledAt = try row.optionalNumber("filled_at")
    bucket = tokens.flatMap { tokens in
      filledAt.map { SenderBucket(tokens: tokens, filledAt: $0) }
    }
  }

  /// Takes one message from the bucket.
  ///
  /// - Returns: What refuses it; `nil` when nothing does.
  func refusal(_ limits: SenderLimits, at now: Date, in db: Database) throws -> Admission.Denial? {
    if queued >= max(0, limits.queued) { return .queueFull }
    let seconds = now.timeIntervalSince1970
    var bucket = bucket ?? SenderBucket(limits, at: seconds)
    let isTaken = bucket.take(limits, at: seconds)
    try db.run(
      "UPDATE principal_share SET tokens = ?, filled_at = ?, seen_at = ? WHERE id = ?",
      [bucket.tokens, bucket.filledAt, seconds, id])
    return isTaken ? nil : .rateLimited
  }

  /// Whether a refusal is to be recorded, which is then remembered.
  func recordsRefusal(at now: Date, in db: Database) throws -> Bool {
    let seconds = now.timeIntervalSince1970
    // A clock that was set back must not silence the records.
    if let refusedAt, (0..<Self.recordInterval).contains(seconds - refusedAt) { return false }
    try db.run("UPDATE principal_share SET refused_at = ? WHERE id = ?", [seconds, id])
    return true
  }

  private static func prune(keeping id: Int64, in db: Database) throws {
    let idle = try Int.fetchOne(
      db, sql: "SELECT count(*) FROM principal_share WHERE queued = 0 AND running = 0")
    try db.execute(
      sql: """
        DELETE FROM principal_share WHERE id IN (SELECT id FROM principal_share
          WHERE queued = 0 AND running = 0 AND id <> ? ORDER BY seen_at LIMIT ?)
        """, arguments: [id, max(0, (idle ?? 0) - limit)])
  }
}
