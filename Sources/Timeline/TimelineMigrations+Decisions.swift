// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import GRDB

/// The steps that brought decisions, budgets and approvals.
extension TimelineMigrations {
  static func createDecisions(_ db: Database) throws {
    try db.execute(
      sql: """
        ALTER TABLE denial ADD COLUMN rule TEXT;
        ALTER TABLE denial ADD COLUMN entry TEXT;
        CREATE TABLE denial_total (
          reason TEXT PRIMARY KEY,
          count INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        INSERT INTO denial_total (reason, count)
          SELECT reason, count(*) FROM denial GROUP BY reason;
        CREATE TABLE access_decision (
          sequence INTEGER PRIMARY KEY AUTOINCREMENT,
          at REAL NOT NULL,
          kind TEXT NOT NULL,
          channel TEXT NOT NULL,
          client TEXT NOT NULL,
          sender TEXT,
          conversation TEXT NOT NULL,
          tool TEXT,
          verdict TEXT NOT NULL,
          reason TEXT NOT NULL,
          rule TEXT NOT NULL,
          entry TEXT,
          message TEXT,
          approval TEXT,
          revision TEXT
        ) STRICT;
        CREATE TABLE decision_total (
          channel TEXT NOT NULL,
          verdict TEXT NOT NULL,
          reason TEXT NOT NULL,
          count INTEGER NOT NULL,
          PRIMARY KEY (channel, verdict, reason)
        ) STRICT, WITHOUT ROWID;
        """)
  }

  /// A day is counted from 1970 in UTC.
  static func createBudgets(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE token_day (
          day INTEGER NOT NULL,
          scope TEXT NOT NULL,
          used INTEGER NOT NULL DEFAULT 0 CHECK (used >= 0),
          reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
          PRIMARY KEY (day, scope)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE token_reservation (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          day INTEGER NOT NULL,
          message TEXT NOT NULL,
          tokens INTEGER NOT NULL CHECK (tokens >= 0)
        ) STRICT;
        CREATE INDEX token_reservation_message ON token_reservation (message);
        CREATE TABLE token_reservation_scope (
          reservation INTEGER NOT NULL REFERENCES token_reservation (id) ON DELETE CASCADE,
          scope TEXT NOT NULL,
          PRIMARY KEY (reservation, scope)
        ) STRICT, WITHOUT ROWID;
        """)
  }

  static func createApprovals(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE approval (
          sequence INTEGER PRIMARY KEY AUTOINCREMENT,
          id TEXT NOT NULL UNIQUE,
          message TEXT NOT NULL,
          call_index INTEGER NOT NULL,
          session TEXT NOT NULL,
          tool TEXT NOT NULL,
          digest TEXT NOT NULL,
          details TEXT NOT NULL,
          requester TEXT NOT NULL,
          principal INTEGER NOT NULL,
          decision TEXT NOT NULL,
          created_at REAL NOT NULL,
          expires_at REAL NOT NULL,
          state TEXT NOT NULL,
          uses_left INTEGER NOT NULL,
          decided_by TEXT,
          decided_at REAL,
          note TEXT,
          CHECK (state IN ('pending', 'approved', 'denied', 'expired', 'used')),
          CHECK (uses_left >= 0),
          CHECK (uses_left > 0 OR state <> 'approved')
        ) STRICT;
        CREATE INDEX approval_open ON approval (expires_at)
          WHERE state IN ('pending', 'approved');
        CREATE INDEX approval_pending ON approval (principal) WHERE state = 'pending';
        CREATE INDEX approval_call ON approval (message, call_index);
        CREATE INDEX approval_granted ON approval (session, digest) WHERE state = 'approved';
        """)
  }
}
