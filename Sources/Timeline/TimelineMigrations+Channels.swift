// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import GRDB

/// The step that brought chat channels: where they go on, and what is on its way to them.
extension TimelineMigrations {
  static func createChannels(_ db: Database) throws {
    try db.execute(
      sql: """
        ALTER TABLE inbound ADD COLUMN route TEXT;
        CREATE TABLE channel_cursor (
          channel TEXT PRIMARY KEY,
          cursor TEXT NOT NULL,
          at REAL NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE delivery (
          sequence INTEGER PRIMARY KEY AUTOINCREMENT,
          key TEXT NOT NULL UNIQUE,
          channel TEXT NOT NULL,
          conversation TEXT NOT NULL,
          message TEXT,
          route TEXT NOT NULL,
          text TEXT NOT NULL,
          created_at REAL NOT NULL,
          state TEXT NOT NULL,
          lease TEXT,
          parts_sent INTEGER NOT NULL DEFAULT 0,
          attempts INTEGER NOT NULL DEFAULT 0,
          next_at REAL NOT NULL,
          error TEXT,
          platform_id TEXT,
          finished_at REAL,
          CHECK (state IN ('queued', 'sending', 'sent', 'dead', 'dropped')),
          CHECK ((lease IS NOT NULL) = (state = 'sending'))
        ) STRICT;
        CREATE INDEX delivery_open ON delivery (channel, conversation, sequence)
          WHERE state IN ('queued', 'sending');
        CREATE INDEX delivery_leased ON delivery (lease) WHERE state = 'sending';
        CREATE INDEX delivery_dead ON delivery (sequence) WHERE state = 'dead';
        CREATE TABLE channel_total (
          channel TEXT NOT NULL,
          event TEXT NOT NULL,
          count INTEGER NOT NULL,
          PRIMARY KEY (channel, event)
        ) STRICT, WITHOUT ROWID;
        """)
  }
}
