// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import GRDB

/// The step that brought pairing.
extension TimelineMigrations {
  static func createPairing(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE pairing (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          channel TEXT NOT NULL,
          sender TEXT NOT NULL,
          account TEXT NOT NULL,
          code TEXT NOT NULL,
          state TEXT NOT NULL,
          requested_at REAL NOT NULL,
          until REAL NOT NULL,
          decided_by TEXT,
          UNIQUE (channel, sender),
          CHECK (state IN ('pending', 'approved', 'denied'))
        ) STRICT;
        CREATE TABLE pairing_attempt (at REAL NOT NULL) STRICT;
        """)
  }
}
