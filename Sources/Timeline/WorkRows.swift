// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import GRDB

/// The rows of a turn: its message, its steps, what its session said before.
enum WorkRows {
  /// The row of a message that `worker` holds.
  ///
  /// - Throws: `timeline.lease-lost` when it does not.
  static func leased(_ id: MessageID, by worker: String, in db: Database) throws -> Row {
    let row = try db.row(
      """
      SELECT sequence, session, principal, channel, client, sender, place FROM inbound
      WHERE id = ? AND state = 'processing' AND lease = ?
      """, [id.rawValue, worker])
    guard let row else {
      throw ApplianceError(.leaseLost, "message \(id.rawValue) is not leased to \(worker)")
    }
    return row
  }

  static func append(_ step: String, to id: MessageID, in db: Database) throws {
    try db.run(
      """
      INSERT INTO turn_step (message, position, step)
      SELECT ?, count(*), ? FROM turn_step WHERE message = ?
      """, [id.rawValue, step, id.rawValue])
  }

  /// A place of a turn has one call and one result: another one would hide the first from whoever
  /// decides by the record.
  static func requireNew(_ step: TurnStep, of id: MessageID, in db: Database) throws {
    let steps = try db.rows("SELECT step FROM turn_step WHERE message = ?", [id.rawValue])
      .map { try $0.value(TurnStep.self, "step") }
    guard !steps.contains(where: { $0.isSamePlace(as: step) }) else {
      throw ApplianceError(.malformed, "message \(id.rawValue) has a step at this place already")
    }
  }

  static func work(_ row: Row, in db: Database) throws -> Work {
    let id = try row.text("id")
    let steps = try db.rows(
      "SELECT step FROM turn_step WHERE message = ? ORDER BY position", [id]
    ).map { try $0.value(TurnStep.self, "step") }
    let tier = SenderTier(rawValue: try row.text("tier")) ?? .unknown
    let (history, taint) = try history(before: row, of: tier, in: db)
    return Work(
      id: MessageID(rawValue: id), traceID: TraceID(rawValue: try row.text("trace")),
      session: SessionKey(rawValue: try row.text("session")),
      senderTier: tier,
      text: try row.text("text"), attempt: try row.integer("attempts"), steps: steps,
      history: history, principal: try principal(row),
      isFromBot: try row.integer("is_from_bot") != 0, taint: taint)
  }

  static func principal(_ row: Row) throws -> AccessPrincipal {
    let place = try row.optionalValue(InboundMessage.Place.self, "place")
    return AccessPrincipal(
      channel: try row.text("channel"), client: try row.text("client"),
      sender: try row.optionalText("sender"),
      conversation: place?.room == nil ? .direct : .room(isMention: place?.isMention == true))
  }

  /// The latest exchanges before a message, oldest first, and the taint of all of them: what each
  /// had, and text of others whom its sender's `tier` does not reach down to.
  private static func history(
    before row: Row, of tier: SenderTier, in db: Database
  ) throws -> ([Exchange], Set<TaintSource>) {
    let rows = try db.rows(
      """
      SELECT text, reply, taint, tier, client, sender FROM inbound
      WHERE session = ? AND state = 'answered' AND sequence < ? AND reply IS NOT NULL
      ORDER BY sequence DESC LIMIT ?
      """, [try row.text("session"), try row.sequence("sequence"), TimelineStore.historyLimit])
    let exchanges = try rows.reversed().map {
      Exchange(text: try $0.text("text"), reply: try $0.text("reply"))
    }
    let taint = try rows.reduce(into: Set<TaintSource>()) { taint, earlier in
      taint.formUnion(try Self.taint(earlier))
      if try isLower(earlier, than: tier, of: row) { taint.insert(.senders) }
    }
    return (exchanges, taint)
  }

  /// Whether somebody else of a lower tier wrote an earlier message.
  private static func isLower(
    _ earlier: Row, than tier: SenderTier, of row: Row
  ) throws -> Bool {
    let wrote = SenderTier(rawValue: try earlier.text("tier")) ?? .unknown
    guard wrote < tier else { return false }
    return try earlier.text("client") != row.text("client")
      || earlier.optionalText("sender") != row.optionalText("sender")
  }

  /// What cannot be understood may have come from anywhere.
  private static func taint(_ row: Row) throws -> Set<TaintSource> {
    guard let text = try row.optionalText("taint") else { return [] }
    // `try?`: see above.
    let words = try? ApplianceJSON.decode([TaintSource].self, from: text.utf8)
    return Set(words ?? TaintSource.allCases)
  }
}
