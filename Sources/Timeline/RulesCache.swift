// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import GRDB
import Synchronization

/// The access rules as the writer's transaction sees them, read anew only after somebody wrote.
final class RulesCache: Sendable {
  private struct State {
    var rules: AccessRules?
    /// Counts readings: rules under one number are always the same.
    var version: UInt64 = 0
    /// `PRAGMA data_version`: changes when another connection commits to the file.
    var dataVersion: Int?
  }

  private let state = Mutex(State())

  /// After a write of this process, and after a transaction that was undone.
  func invalidate() { state.withLock { $0.rules = nil } }

  /// - Parameter db: The writer connection, inside a transaction: nobody else commits meanwhile.
  func current(in db: Database) throws -> (rules: AccessRules, version: UInt64) {
    let dataVersion = try Int.fetchOne(db.cachedStatement(sql: "PRAGMA data_version"))
    let known = state.withLock { state in
      state.dataVersion == dataVersion ? state.rules.map { ($0, state.version) } : nil
    }
    if let known { return known }
    let rules = try AccessRuleRows.fetch(db)
    return state.withLock { state in
      state = State(rules: rules, version: state.version &+ 1, dataVersion: dataVersion)
      return (rules, state.version)
    }
  }
}
