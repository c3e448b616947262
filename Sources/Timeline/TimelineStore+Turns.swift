// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
import GRDB

extension TimelineStore {
  /// After this many attempts a message counts as failed: it may be what kills the agent.
  public static let attemptLimit = 5
  /// Exchanges of the session that a turn gets to see.
  public static let historyLimit = 20

  /// Leases the oldest message whose session is free; `nil` when there is none.
  ///
  /// Messages of one session are leased in their order, one at a time.
  public func lease(to worker: String) async throws -> Work? {
    guard try await hasQueued() else { return nil }
    return try await commits.perform { db in
      guard let row = try Self.nextFree(in: db) else { return nil }
      let attempt = try row.integer("attempts") + 1
      let id = try row.text("id")
      try db.execute(
        sql: "UPDATE inbound SET state = 'processing', lease = ?, attempts = ? WHERE id = ?",
        arguments: [worker, attempt, id])
      return try Self.work(row, attempt: attempt, in: db)
    }
  }

  /// Stores one step of a leased turn; durable on return.
  ///
  /// - Throws: `timeline.lease-lost` when `worker` does not hold the message any more.
  public func record(_ step: TurnStep, of id: MessageID, by worker: String) async throws {
    let text = String(decoding: try ApplianceJSON.encode(step), as: UTF8.self)
    try await commits.perform { db in
      try Self.requireLease(on: id, by: worker, in: db)
      try db.execute(
        sql: """
          INSERT INTO turn_step (message, position, step)
          SELECT ?, count(*), ? FROM turn_step WHERE message = ?
          """,
        arguments: [id.rawValue, text, id.rawValue])
    }
  }

  /// Stores the reply and ends the turn: the message's one outbound.
  ///
  /// - Throws: `timeline.lease-lost` when `worker` does not hold the message any more.
  public func finish(
    _ id: MessageID, by worker: String, reply: String, usage: TokenUsage, at now: Date
  ) async throws {
    try await commits.perform { db in
      try Self.requireLease(on: id, by: worker, in: db)
      try db.execute(
        sql: """
          UPDATE inbound SET state = 'answered', lease = NULL, reply = ?, input_tokens = ?,
            output_tokens = ?, finished_at = ? WHERE id = ?
          """,
        arguments: [reply, usage.input, usage.output, now.timeIntervalSince1970, id.rawValue])
    }
  }

  /// Puts leased messages back into the queue: those of `worker`, or all at start; only `message`
  /// where one is named. Messages that were tried too often fail instead, visibly.
  public func releaseLeases(
    of worker: String?, message: MessageID? = nil, at now: Date
  ) async throws {
    let held = "state = 'processing' AND (lease = ? OR ? IS NULL) AND (id = ? OR ? IS NULL)"
    let scope: StatementArguments = [worker, worker, message?.rawValue, message?.rawValue]
    try await commits.perform { db in
      try db.execute(
        sql: """
          UPDATE inbound SET state = 'failed', lease = NULL, finished_at = ?,
            reply = 'This message could not be processed.'
          WHERE attempts >= \(Self.attemptLimit) AND \(held)
          """,
        arguments: [now.timeIntervalSince1970] + scope)
      try db.execute(
        sql: "UPDATE inbound SET state = 'queued', lease = NULL WHERE \(held)", arguments: scope)
    }
  }

  private func hasQueued() async throws -> Bool {
    try await read { db in
      try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM inbound WHERE state = 'queued')")
        ?? false
    }
  }

  private static func nextFree(in db: Database) throws -> Row? {
    try Row.fetchOne(
      db,
      sql: """
        SELECT * FROM inbound AS m WHERE m.state = 'queued' AND NOT EXISTS (
          SELECT 1 FROM inbound AS p WHERE p.session = m.session AND p.sequence < m.sequence
            AND p.state IN ('queued', 'processing'))
        ORDER BY m.sequence LIMIT 1
        """)
  }

  private static func requireLease(on id: MessageID, by worker: String, in db: Database) throws {
    let holder = try String.fetchOne(
      db, sql: "SELECT lease FROM inbound WHERE id = ? AND state = 'processing'",
      arguments: [id.rawValue])
    guard holder == worker else {
      throw ApplianceError(.leaseLost, "message \(id.rawValue) is not leased to \(worker)")
    }
  }

  private static func work(_ row: Row, attempt: Int, in db: Database) throws -> Work {
    let id = try row.text("id")
    let session = try row.text("session")
    let steps = try String.fetchAll(
      db, sql: "SELECT step FROM turn_step WHERE message = ? ORDER BY position", arguments: [id]
    ).map { try ApplianceJSON.decode(TurnStep.self, from: $0.utf8) }
    let exchanges = try Row.fetchAll(
      db,
      sql: """
        SELECT text, reply FROM inbound WHERE session = ? AND state = 'answered' AND reply IS NOT NULL
        ORDER BY sequence DESC LIMIT ?
        """,
      arguments: [session, historyLimit])
    return Work(
      id: MessageID(rawValue: id), traceID: TraceID(rawValue: try row.text("trace")),
      session: SessionKey(rawValue: session),
      senderTier: SenderTier(rawValue: try row.text("tier")) ?? .external,
      text: try row.text("text"), attempt: attempt, steps: steps,
      history: try exchanges.reversed().map {
        Exchange(text: try $0.text("text"), reply: try $0.text("reply"))
      })
  }
}

extension ApplianceError.Code {
  /// The message was leased to another worker in the meantime.
  public static let leaseLost = Self("timeline.lease-lost")
}
