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

  /// Leases the next message; `nil` when no session with a queued message is free.
  ///
  /// Principals share the turns fairly, however much each of them wrote. Messages of one session
  /// are leased in their order, one at a time; one that waits for an approval keeps back those
  /// after it.
  ///
  /// - Parameter share: Turns that one principal may have running; its other messages wait, even
  ///   for a worker that has nothing else to do. Defaults to no limit.
  public func lease(to worker: String, share: Int = .max) async throws -> Work? {
    guard try await hasReady(share) else { return nil }
    let now = Date().timeIntervalSince1970
    return try await commits.perform { db in
      while let row = try FairQueue.take(for: worker, share: share, in: db) {
        do { return try WorkRows.work(row, in: db) } catch let error as ApplianceError
          where error.code != .leaseLost
        {
          try FairQueue.giveUp(row, at: now, in: db)
        }
      }
      return nil
    }
  }

  /// Puts leased messages back into the queue, where they stood: those of `worker`, or all at
  /// start; only `message` where one is named. Messages that were tried too often fail instead,
  /// visibly. Tokens reserved for them count as used.
  public func releaseLeases(
    of worker: String?, message: MessageID? = nil, at now: Date
  ) async throws {
    var sql = "SELECT id, session, principal, attempts FROM inbound WHERE state = 'processing'"
    var scope: [String] = []
    if let worker {
      sql += " AND lease = ?"
      scope.append(worker)
    }
    if let message {
      sql += " AND id = ?"
      scope.append(message.rawValue)
    }
    let (query, arguments) = (sql + " ORDER BY sequence", StatementArguments(scope))
    try await commits.perform { db in
      for row in try db.rows(query, arguments) { try Self.release(row, at: now, in: db) }
    }
  }

  private static func release(_ row: Row, at now: Date, in db: Database) throws {
    let id = try row.text("id")
    let isGivenUp = try row.integer("attempts") >= attemptLimit
    if isGivenUp {
      try db.run(
        """
        UPDATE inbound SET state = 'failed', lease = NULL, finished_at = ?,
          reply = 'This message could not be processed.' WHERE id = ?
        """, [now.timeIntervalSince1970, id])
      try DeliveryRows.enqueueReply(to: MessageID(rawValue: id), at: now, in: db)
    } else {
      try db.run("UPDATE inbound SET state = 'queued', lease = NULL WHERE id = ?", [id])
    }
    try BudgetRows.settle(of: MessageID(rawValue: id), in: db)
    try FairQueue.leave(row, isQueued: !isGivenUp, in: db)
  }

  private func hasReady(_ share: Int) async throws -> Bool {
    try await read { db in
      try db.row(
        "SELECT 1 FROM principal_share WHERE ready > 0 AND running < ? LIMIT 1", [share]) != nil
    }
  }
}
