// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import GRDB

/// The rows of `delivery`.
enum DeliveryRows {
  /// Puts a message's reply on its way, where its channel sends replies: in the transaction that ends
  /// the turn, so that there is no reply without a delivery and no second one.
  static func enqueueReply(to id: MessageID, at now: Date, in db: Database) throws {
    let row = try db.row(
      "SELECT channel, route, reply FROM inbound WHERE id = ? AND route IS NOT NULL", [id.rawValue])
    guard let row, let reply = try row.optionalText("reply"), !reply.isEmpty else { return }
    try insert(
      key: "reply-\(id.rawValue)", channel: try row.text("channel"),
      route: try row.value(ReplyRoute.self, "route"), text: reply, message: id, at: now, in: db)
  }

  /// A key that is known already is another attempt of the same.
  static func insert(
    key: String, channel: String, route: ReplyRoute, text: String, message: MessageID?,
    at now: Date, in db: Database
  ) throws {
    let time = now.timeIntervalSince1970
    try db.run(
      """
      INSERT OR IGNORE INTO delivery (key, channel, conversation, message, route, text, created_at,
        state, next_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?)
      """,
      [
        key, channel, route.conversation, message?.rawValue, try InboxRows.json(route), text, time,
        time,
      ])
  }

  /// What waits on a channel, the oldest of each conversation: later ones wait for it, so that a
  /// conversation stays in order.
  private static let waiting = """
    FROM delivery AS d WHERE channel = ? AND state = 'queued'
      AND NOT EXISTS (SELECT 1 FROM delivery AS e WHERE e.channel = d.channel
        AND e.conversation = d.conversation AND e.state IN ('queued', 'sending')
        AND e.sequence < d.sequence)
    """

  static func due(
    on channel: String, at now: Double, limit: Int, in db: Database
  ) throws -> [Row] {
    try db.rows(
      "SELECT * \(waiting) AND next_at <= ? ORDER BY sequence LIMIT ?", [channel, now, limit])
  }

  static func nextTime(on channel: String, in db: Database) throws -> Date? {
    try db.row("SELECT min(next_at) AS next_at \(waiting)", [channel])?
      .optionalNumber("next_at").map(Date.init(timeIntervalSince1970:))
  }

  static func delivery(_ row: Row) throws -> Delivery {
    Delivery(
      id: DeliveryID(rawValue: try row.sequence("sequence")), channel: try row.text("channel"),
      route: try row.value(ReplyRoute.self, "route"), text: try row.text("text"),
      key: try row.text("key"), partsSent: try row.integer("parts_sent"))
  }

  static func record(_ row: Row) throws -> DeliveryRecord {
    guard let state = DeliveryRecord.State(rawValue: try row.text("state")) else {
      throw ApplianceError(.timelineFailed, "timeline.db: unknown delivery state")
    }
    return DeliveryRecord(
      id: DeliveryID(rawValue: try row.sequence("sequence")), channel: try row.text("channel"),
      conversation: try row.text("conversation"),
      message: try row.optionalText("message").map(MessageID.init), state: state,
      attempts: try row.integer("attempts"),
      createdAt: Date(timeIntervalSince1970: try row.number("created_at")),
      error: try row.optionalText("error"), size: try row.text("text").utf8.count)
  }

  static func count(_ event: String, on channel: String, by number: Int = 1, in db: Database) throws
  {
    try db.run(
      """
      INSERT INTO channel_total (channel, event, count) VALUES (?, ?, ?)
      ON CONFLICT (channel, event) DO UPDATE SET count = count + excluded.count
      """, [channel, event, number])
  }
}
