// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import GRDB

/// The step after which metrics and status count without reading what was said.
extension TimelineMigrations {
  static func indexCounts(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE INDEX inbound_state ON inbound (state, waits_for);
        CREATE INDEX delivery_state ON delivery (state, sequence, channel);
        """)
  }
}
