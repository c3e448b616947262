// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import GRDB

/// The steps that brought access rules as rows, sender limits and the fair queue.
extension TimelineMigrations {
  /// What earlier rows leave out takes the meaning it had: one session for each user, no message
  /// from a room.
  static func createAccessRules(_ db: Database) throws {
    try db.execute(
      sql: """
        ALTER TABLE channel_policy ADD COLUMN group_policy TEXT NOT NULL DEFAULT 'allowlist';
        ALTER TABLE channel_policy ADD COLUMN require_mention INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE channel_policy ADD COLUMN session_scope TEXT NOT NULL DEFAULT 'user';
        ALTER TABLE channel_policy ADD COLUMN tools TEXT NOT NULL DEFAULT '{"deny":[]}';
        CREATE TABLE channel_denied_sender (
          channel TEXT NOT NULL,
          sender TEXT NOT NULL,
          PRIMARY KEY (channel, sender)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE denied_sender (sender TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
        CREATE TABLE tool_policy (
          only INTEGER PRIMARY KEY CHECK (only = 1),
          policy TEXT NOT NULL
        ) STRICT;
        """)
  }

  /// `principal_share` and `session_queue` follow from the open rows of `inbound`, from which they
  /// are made anew at each start; only the bucket of a principal is its own.
  static func createFairQueue(_ db: Database) throws {
    try db.execute(
      sql: """
        ALTER TABLE inbound ADD COLUMN client_session TEXT;
        ALTER TABLE inbound ADD COLUMN place TEXT;
        ALTER TABLE inbound ADD COLUMN is_from_bot INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE inbound ADD COLUMN decision TEXT;
        ALTER TABLE inbound ADD COLUMN principal INTEGER;
        ALTER TABLE inbound ADD COLUMN taint TEXT;
        ALTER TABLE inbound ADD COLUMN waits_for TEXT
          CHECK (waits_for IS NULL OR state = 'queued');
        DROP INDEX inbound_queued;
        DROP INDEX inbound_session;
        CREATE INDEX inbound_answered ON inbound (session, sequence) WHERE state = 'answered';
        CREATE INDEX inbound_leased ON inbound (lease) WHERE state = 'processing';
        CREATE TABLE principal_share (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          channel TEXT NOT NULL,
          client TEXT NOT NULL,
          sender TEXT NOT NULL,
          has_sender INTEGER NOT NULL,
          queued INTEGER NOT NULL DEFAULT 0,
          running INTEGER NOT NULL DEFAULT 0,
          ready INTEGER NOT NULL DEFAULT 0,
          place INTEGER NOT NULL DEFAULT 0,
          tokens REAL,
          filled_at REAL,
          refused_at REAL,
          seen_at REAL NOT NULL DEFAULT 0,
          UNIQUE (channel, client, sender, has_sender)
        ) STRICT;
        CREATE INDEX principal_share_ready ON principal_share (running, place) WHERE ready > 0;
        CREATE INDEX principal_share_idle ON principal_share (seen_at)
          WHERE queued = 0 AND running = 0;
        CREATE TABLE session_queue (
          session TEXT PRIMARY KEY,
          head INTEGER NOT NULL,
          principal INTEGER NOT NULL,
          state TEXT NOT NULL CHECK (state IN ('ready', 'running', 'waiting')),
          place INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX session_queue_ready ON session_queue (principal, place)
          WHERE state = 'ready';
        CREATE TABLE queue_clock (
          only INTEGER PRIMARY KEY CHECK (only = 1),
          ticks INTEGER NOT NULL
        ) STRICT;
        INSERT INTO queue_clock (only, ticks) VALUES (1, 0);
        """)
  }
}
