// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import GRDB

/// The step that brought alerts, and what its signals count, by time.
extension TimelineMigrations {
  /// A bucket is five minutes, counted from 1970.
  static func createAlerts(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE alert (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          signal TEXT NOT NULL,
          subject TEXT NOT NULL,
          message TEXT NOT NULL,
          opened_at REAL NOT NULL,
          last_at REAL NOT NULL,
          state TEXT NOT NULL,
          step INTEGER NOT NULL DEFAULT 0,
          next_at REAL NOT NULL,
          failures INTEGER NOT NULL DEFAULT 0,
          acknowledged_by TEXT,
          CHECK (state IN ('open', 'acknowledged', 'closed'))
        ) STRICT;
        CREATE UNIQUE INDEX alert_open ON alert (signal, subject) WHERE state <> 'closed';
        CREATE TABLE signal_bucket (
          signal TEXT NOT NULL,
          bucket INTEGER NOT NULL,
          count INTEGER NOT NULL,
          PRIMARY KEY (signal, bucket)
        ) STRICT, WITHOUT ROWID;
        """)
  }
}
