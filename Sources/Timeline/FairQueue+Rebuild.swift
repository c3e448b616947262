// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import GRDB

extension FairQueue {
  /// Makes the rows of the queue anew from the open messages. A message that waits for an approval
  /// that is not pending waits no more.
  static func rebuild(in db: Database) throws {
    try db.execute(
      sql: """
        INSERT OR IGNORE INTO queue_clock (only, ticks) VALUES (1, 0);
        DELETE FROM session_queue;
        UPDATE principal_share SET queued = 0, running = 0, ready = 0
          WHERE queued <> 0 OR running <> 0 OR ready <> 0;
        """)
    let isEmpty = try Bool.fetchOne(
      db,
      sql: "SELECT NOT EXISTS (SELECT 1 FROM inbound WHERE state IN ('queued', 'processing'))")
    guard isEmpty == false else { return }
    try db.execute(
      sql: """
        UPDATE inbound SET waits_for = NULL WHERE waits_for IS NOT NULL AND state = 'queued'
          AND NOT EXISTS (SELECT 1 FROM approval WHERE id = waits_for AND state = 'pending');
        INSERT OR IGNORE INTO principal_share (channel, client, sender, has_sender)
          SELECT DISTINCT channel, client, ifnull(sender, ''), sender IS NOT NULL
          FROM inbound WHERE state IN ('queued', 'processing');
        UPDATE inbound SET principal = (
            SELECT id FROM principal_share AS p WHERE p.channel = inbound.channel
              AND p.client = inbound.client AND p.sender = ifnull(inbound.sender, '')
              AND p.has_sender = (inbound.sender IS NOT NULL))
          WHERE state IN ('queued', 'processing');
        INSERT INTO session_queue (session, head, principal, state, place)
          SELECT session, min(sequence), principal, CASE WHEN state = 'processing' THEN 'running'
            WHEN waits_for IS NULL THEN 'ready' ELSE 'waiting' END,
            (SELECT ticks FROM queue_clock) + row_number() OVER (ORDER BY min(sequence))
          FROM inbound WHERE state IN ('queued', 'processing') GROUP BY session;
        UPDATE principal_share SET queued = n.queued, running = n.running FROM (
            SELECT principal, sum(state = 'queued') AS queued, sum(state = 'processing') AS running
            FROM inbound WHERE state IN ('queued', 'processing') GROUP BY principal) AS n
          WHERE n.principal = principal_share.id;
        UPDATE principal_share SET ready = n.ready, place = n.place FROM (
            SELECT principal, count(*) AS ready, min(place) AS place
            FROM session_queue WHERE state = 'ready' GROUP BY principal) AS n
          WHERE n.principal = principal_share.id;
        UPDATE queue_clock SET ticks = max(ticks,
          ifnull((SELECT max(place) FROM session_queue), 0));
        """)
  }
}
