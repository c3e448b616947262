// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import GRDB

/// Whose message is next: fair between principals, in order within a session.
///
/// `session_queue` has a row for each session with open messages, `principal_share` one for each
/// principal. Both are kept in the transaction that changes a message, so that a lease looks at one
/// row of each, however long the queue is. A principal is served when it has the fewest running
/// turns, and has waited longest among those; then goes to the end. So do sessions of one
/// principal.
enum FairQueue {
  /// Adds a stored message to its session.
  static func append(
    _ sequence: Int64, session: String, principal: Int64, in db: Database
  ) throws {
    try db.run("UPDATE principal_share SET queued = queued + 1 WHERE id = ?", [principal])
    if try db.row("SELECT 1 FROM session_queue WHERE session = ?", [session]) == nil {
      try refresh(session, in: db)
    }
  }

  /// The message to lease next, by its row, counted as running; `nil` when none is free.
  ///
  /// - Parameter share: Turns that one principal may have running.
  static func take(for worker: String, share: Int, in db: Database) throws -> Row? {
    while let served = try db.row(
      """
      SELECT id FROM principal_share WHERE ready > 0 AND running < ?
      ORDER BY running, place LIMIT 1
      """, [share])
    {
      let principal = try served.sequence("id")
      guard
        let next = try db.row(
          """
          SELECT session, head FROM session_queue WHERE principal = ? AND state = 'ready'
          ORDER BY place LIMIT 1
          """, [principal])
      else {
        // Somebody edited the rows: what does not follow from the messages is put right.
        try rebuild(in: db)
        continue
      }
      let session = try next.text("session")
      guard let row = try lease(try next.sequence("head"), to: worker, in: db) else {
        try rebuild(in: db)
        continue
      }
      try db.run(
        """
        UPDATE principal_share SET queued = max(0, queued - 1), running = running + 1, place = ?
        WHERE id = ?
        """, [try tick(in: db), principal])
      try refresh(session, in: db)
      return row
    }
    return nil
  }

  /// Ends a message whose row cannot be read: it must not keep others waiting.
  static func giveUp(_ row: Row, at now: Double, in db: Database) throws {
    try db.run(
      """
      UPDATE inbound SET state = 'failed', lease = NULL, finished_at = ?,
        reply = 'This message could not be read.' WHERE sequence = ?
      """, [now, try row.sequence("sequence")])
    try leave(row, isQueued: false, in: db)
  }

  private static func lease(_ sequence: Int64, to worker: String, in db: Database) throws -> Row? {
    try db.run(
      """
      UPDATE inbound SET state = 'processing', lease = ?, attempts = attempts + 1
      WHERE sequence = ? AND state = 'queued' AND waits_for IS NULL
      """, [worker, sequence])
    guard db.changesCount == 1 else { return nil }
    return try db.row("SELECT * FROM inbound WHERE sequence = ?", [sequence])
  }

  /// Counts a message that runs no more: as one that waits again, or not at all.
  static func leave(_ row: Row, isQueued: Bool, in db: Database) throws {
    if let principal = try row.optionalSequence("principal") {
      try db.run(
        """
        UPDATE principal_share SET running = max(0, running - 1), queued = queued + ? WHERE id = ?
        """, [isQueued ? 1 : 0, principal])
    }
    try refresh(try row.text("session"), in: db)
  }

  /// Makes a session's row follow from its messages. A session keeps its place as long as its first
  /// message is the same one.
  static func refresh(_ session: String, in db: Database) throws {
    let old = try db.row("SELECT * FROM session_queue WHERE session = ?", [session])
    if let old, try old.text("state") == "ready" {
      try db.run(
        "UPDATE principal_share SET ready = max(0, ready - 1) WHERE id = ?",
        [try old.sequence("principal")])
    }
    guard
      let head = try db.row(
        """
        SELECT sequence, principal, CASE WHEN state = 'processing' THEN 'running'
          WHEN waits_for IS NULL THEN 'ready' ELSE 'waiting' END AS state
        FROM inbound WHERE session = ? AND state IN ('queued', 'processing')
        ORDER BY sequence LIMIT 1
        """, [session])
    else {
      return try db.run("DELETE FROM session_queue WHERE session = ?", [session])
    }
    let sequence = try head.sequence("sequence")
    let principal = try head.sequence("principal")
    let state = try head.text("state")
    let isSame = try old?.sequence("head") == sequence
    let place = try isSame ? old?.sequence("place") : nil
    try db.run(
      """
      INSERT INTO session_queue (session, head, principal, state, place) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (session) DO UPDATE SET head = excluded.head, principal = excluded.principal,
        state = excluded.state, place = excluded.place
      """, [session, sequence, principal, state, try place ?? tick(in: db)])
    guard state == "ready" else { return }
    try db.run(
      """
      UPDATE principal_share SET place = iif(ready = 0, ?, place), ready = ready + 1 WHERE id = ?
      """, [try tick(in: db), principal])
  }

  private static func tick(in db: Database) throws -> Int64 {
    let row = try db.row("UPDATE queue_clock SET ticks = ticks + 1 RETURNING ticks")
    guard let row else {
      throw ApplianceError(.timelineFailed, "timeline.db: the queue has no clock")
    }
    return try row.sequence("ticks")
  }
}
