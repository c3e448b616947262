// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import GRDB

/// The rows of `approval`.
enum ApprovalRows {
  /// Approvals that are kept; of those nobody waits for, the oldest go first.
  static let limit: Int64 = 10_000

  static func find(_ id: ApprovalID, in db: Database) throws -> Approval? {
    try db.row("SELECT * FROM approval WHERE id = ?", [id.rawValue]).map(approval)
  }

  /// The latest one for a call.
  static func latest(
    for message: MessageID, _ callIndex: Int, _ digest: Digest, in db: Database
  ) throws -> Approval? {
    try db.row(
      """
      SELECT * FROM approval WHERE message = ? AND call_index = ? AND digest = ?
      ORDER BY sequence DESC LIMIT 1
      """, [message.rawValue, callIndex, digest.rawValue]
    ).map(approval)
  }

  /// One that permits a call of this digest now.
  static func granted(
    _ digest: Digest, in session: String, at now: Date, in db: Database
  ) throws -> Approval? {
    try db.row(
      """
      SELECT * FROM approval WHERE session = ? AND digest = ? AND state = 'approved'
        AND uses_left > 0 AND expires_at > ? ORDER BY expires_at LIMIT 1
      """, [session, digest.rawValue, now.timeIntervalSince1970]
    ).map(approval)
  }

  static func insert(_ approval: Approval, of principal: Int64, in db: Database) throws {
    try db.run(
      """
      INSERT INTO approval (id, message, call_index, session, tool, digest, details, requester,
        principal, decision, created_at, expires_at, state, uses_left)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', 0)
      """,
      [
        approval.id.rawValue, approval.message.rawValue, approval.callIndex,
        approval.session.rawValue, approval.tool, approval.digest.rawValue,
        try InboxRows.json(approval.details), try InboxRows.json(approval.requester), principal,
        try InboxRows.json(approval.decision), approval.createdAt.timeIntervalSince1970,
        approval.expiresAt.timeIntervalSince1970,
      ])
    try db.run(
      "DELETE FROM approval WHERE sequence <= ? AND state NOT IN ('pending', 'approved')",
      [db.lastInsertedRowID - limit])
  }

  /// Stores what may change of an approval.
  static func update(_ approval: Approval, in db: Database) throws {
    try db.run(
      """
      UPDATE approval SET expires_at = ?, state = ?, uses_left = ?, decided_by = ?, decided_at = ?,
        note = ? WHERE id = ?
      """,
      [
        approval.expiresAt.timeIntervalSince1970, approval.state.rawValue, approval.usesLeft,
        approval.decidedBy, approval.decidedAt?.timeIntervalSince1970, approval.note,
        approval.id.rawValue,
      ])
  }

  /// Lets the turn go on that waits for an approval.
  static func unpark(_ approval: Approval, in db: Database) throws {
    try db.run(
      "UPDATE inbound SET waits_for = NULL WHERE id = ? AND waits_for = ?",
      [approval.message.rawValue, approval.id.rawValue])
    guard db.changesCount == 1 else { return }
    try FairQueue.refresh(approval.session.rawValue, in: db)
  }

  static func approval(_ row: Row) throws -> Approval {
    guard let state = Approval.State(rawValue: try row.text("state")) else {
      throw ApplianceError(.timelineFailed, "timeline.db: unknown approval state")
    }
    func time(_ column: String) throws -> Date {
      Date(timeIntervalSince1970: try row.number(column))
    }
    return Approval(
      id: ApprovalID(rawValue: try row.text("id")),
      message: MessageID(rawValue: try row.text("message")),
      callIndex: try row.integer("call_index"),
      session: SessionKey(rawValue: try row.text("session")), tool: try row.text("tool"),
      digest: Digest(rawValue: try row.text("digest")),
      details: try row.value([Approval.Detail].self, "details"),
      requester: try row.value(AccessPrincipal.self, "requester"),
      decision: try row.value(AccessDecision.self, "decision"),
      createdAt: try time("created_at"), expiresAt: try time("expires_at"), state: state,
      usesLeft: try row.integer("uses_left"), decidedBy: try row.optionalText("decided_by"),
      decidedAt: try row.optionalNumber("decided_at").map(Date.init(timeIntervalSince1970:)),
      note: try row.optionalText("note"))
  }
}
