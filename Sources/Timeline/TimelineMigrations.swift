// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import GRDB

/// The schema of `timeline.db`, step by step; a step that was released never changes.
enum TimelineMigrations {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1-messages") { try createMessages($0) }
    migrator.registerMigration("1-access") { try createAccess($0) }
    migrator.registerMigration("2-authentication") { try createAuthentication($0) }
    migrator.registerMigration("2-audit-anchors") { try createAuditAnchors($0) }
    migrator.registerMigration("3-access-rules") { try createAccessRules($0) }
    migrator.registerMigration("3-fair-queue") { try createFairQueue($0) }
    migrator.registerMigration("3-decisions") { try createDecisions($0) }
    migrator.registerMigration("3-budgets") { try createBudgets($0) }
    migrator.registerMigration("3-approvals") { try createApprovals($0) }
    migrator.registerMigration("4-channels") { try createChannels($0) }
    migrator.registerMigration("5-alerts") { try createAlerts($0) }
    migrator.registerMigration("6-pairing") { try createPairing($0) }
    migrator.registerMigration("7-counts") { try indexCounts($0) }
    return migrator
  }

  /// `inbound` is inbox and outbox in one: the reply stands beside its message, so a message can
  /// have no second one.
  private static func createMessages(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE inbound (
          sequence INTEGER PRIMARY KEY AUTOINCREMENT,
          id TEXT NOT NULL UNIQUE,
          trace TEXT NOT NULL,
          channel TEXT NOT NULL,
          client TEXT NOT NULL,
          idempotency_key TEXT NOT NULL,
          content_digest TEXT NOT NULL,
          sender TEXT,
          tier TEXT NOT NULL,
          session TEXT NOT NULL,
          text TEXT NOT NULL,
          received_at REAL NOT NULL,
          state TEXT NOT NULL,
          attempts INTEGER NOT NULL DEFAULT 0,
          lease TEXT,
          reply TEXT,
          input_tokens INTEGER,
          output_tokens INTEGER,
          finished_at REAL,
          CHECK (state IN ('queued', 'processing', 'answered', 'failed')),
          CHECK (state <> 'answered' OR reply IS NOT NULL),
          CHECK (attempts BETWEEN 0 AND 1000),
          UNIQUE (client, idempotency_key)
        ) STRICT;
        CREATE INDEX inbound_queued ON inbound (sequence) WHERE state = 'queued';
        CREATE INDEX inbound_open ON inbound (session, sequence)
          WHERE state IN ('queued', 'processing');
        CREATE INDEX inbound_session ON inbound (session, sequence);
        CREATE TABLE turn_step (
          message TEXT NOT NULL REFERENCES inbound (id) ON DELETE CASCADE,
          position INTEGER NOT NULL,
          step TEXT NOT NULL,
          PRIMARY KEY (message, position)
        ) STRICT, WITHOUT ROWID;
        """)
  }

  /// Failed authentications by source network: they count across restarts.
  private static func createAuthentication(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE authentication_limit (
          network TEXT PRIMARY KEY,
          failures INTEGER NOT NULL,
          window_start REAL NOT NULL,
          lockouts INTEGER NOT NULL,
          locked_until REAL,
          last REAL NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX authentication_limit_last ON authentication_limit (last);
        CREATE TABLE authentication_login (
          network TEXT NOT NULL,
          client TEXT NOT NULL,
          last REAL NOT NULL,
          PRIMARY KEY (network, client)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX authentication_login_last ON authentication_login (last);
        CREATE TABLE authentication_total (
          result TEXT PRIMARY KEY,
          count INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """)
  }

  private static func createAccess(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE channel_policy (
          channel TEXT PRIMARY KEY,
          policy TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE channel_sender (
          channel TEXT NOT NULL,
          sender TEXT NOT NULL,
          PRIMARY KEY (channel, sender)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE sender_tier (
          sender TEXT PRIMARY KEY,
          tier TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE denial (
          sequence INTEGER PRIMARY KEY AUTOINCREMENT,
          at REAL NOT NULL,
          channel TEXT NOT NULL,
          client TEXT NOT NULL,
          sender TEXT,
          reason TEXT NOT NULL
        ) STRICT;
        """)
  }

  /// Where the audit log stood after its seals, in the order in which the supervisor saw them.
  private static func createAuditAnchors(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE audit_anchor (
          sequence INTEGER PRIMARY KEY AUTOINCREMENT,
          origin TEXT NOT NULL,
          size INTEGER NOT NULL,
          epoch INTEGER NOT NULL,
          chain TEXT NOT NULL,
          root TEXT NOT NULL,
          at REAL NOT NULL
        ) STRICT;
        """)
  }
}
