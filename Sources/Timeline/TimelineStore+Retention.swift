// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import FoundationEssentials
import GRDB

extension TimelineStore {
  /// Rows that one transaction removes: messages must not wait for it.
  static let forgottenAtOnce = 500

  /// What is over, by a time. The oldest are found first by their numbers: an index of states (`+` keeps it out) would
  /// have all of them looked at for each piece.
  private static let over: [(table: String, key: String, condition: String)] = [
    ("inbound", "sequence", "+state IN ('answered', 'failed') AND finished_at < ?"),
    ("delivery", "sequence", "+state IN ('sent', 'dead', 'dropped') AND finished_at < ?"),
    ("denial", "sequence", "at < ?"),
    ("access_decision", "sequence", "at < ?"),
    (
      "approval", "sequence",
      "state IN ('denied', 'expired', 'used') AND ifnull(decided_at, expires_at) < ?"
    ),
    ("alert", "id", "state = 'closed' AND last_at < ?"),
    ("pairing", "id", "until < ?"),
  ]

  /// Rows that ``forget(before:)`` would remove.
  public func forgettable(before time: Date) async throws -> Int {
    let time = time.timeIntervalSince1970
    return try await read { db in
      try Self.over.reduce(0) { sum, one in
        let row = try db.row(
          "SELECT count(*) AS n FROM \(one.table) WHERE \(one.condition)", [time])
        return sum + (try row?.total("n") ?? 0)
      }
    }
  }

  /// Removes some of what was over before a time: messages with their turns, decisions, texts that were
  /// sent or given up, alerts, approvals. What is open stays, however old.
  ///
  /// - Returns: How many rows; 0 when nothing is left.
  public func forget(before time: Date) async throws -> Int {
    let time = time.timeIntervalSince1970
    return try await commits.perform { db in
      var removed = 0
      for removal in Self.removals {
        try db.execute(sql: removal, arguments: [time])
        removed += db.changesCount
      }
      return removed
    }
  }

  static let removals = over.map { table, key, condition in
    """
    DELETE FROM \(table) WHERE \(key) IN (
      SELECT \(key) FROM \(table) WHERE \(condition) ORDER BY \(key) LIMIT \(forgottenAtOnce))
    """
  }
}
