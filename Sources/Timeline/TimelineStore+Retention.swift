// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import FoundationEssentials
import GRDB

extension TimelineStore {
  /// Rows that one transaction removes: messages must not wait for it.
  static let forgottenAtOnce = 500

  /// Removes some of what was over before a time: messages with their turns, decisions, texts that were
  /// sent or given up, alerts, approvals. What is open stays, however old.
  ///
  /// - Returns: How many rows; 0 when nothing is left.
  public func forget(before time: Date) async throws -> Int {
    let time = time.timeIntervalSince1970
    let deeds = [
      ("inbound", "sequence", "state IN ('answered', 'failed') AND finished_at < ?"),
      ("delivery", "sequence", "state IN ('sent', 'dead', 'dropped') AND finished_at < ?"),
      ("denial", "sequence", "at < ?"),
      ("access_decision", "sequence", "at < ?"),
      (
        "approval", "sequence",
        "state IN ('denied', 'expired', 'used') AND ifnull(decided_at, expires_at) < ?"
      ),
      ("alert", "id", "state = 'closed' AND last_at < ?"),
      ("pairing", "id", "until < ?"),
    ]
    return try await commits.perform { db in
      var removed = 0
      for (table, key, condition) in deeds {
        try db.execute(
          sql: """
            DELETE FROM \(table) WHERE \(key) IN (
              SELECT \(key) FROM \(table) WHERE \(condition) ORDER BY \(key)
              LIMIT \(Self.forgottenAtOnce))
            """, arguments: [time])
        removed += db.changesCount
      }
      return removed
    }
  }
}
