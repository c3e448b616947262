// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import GRDB

extension TimelineStore {
  /// What is wrong with the database; `nil` when it is intact. Others go on reading and writing.
  ///
  /// - Parameter full: `PRAGMA integrity_check`, which also compares indexes with their rows, and
  ///   foreign keys; else `quick_check`.
  public func problem(full: Bool) async throws -> String? {
    do { return try await read { try TimelineCheck.problem(in: $0, full: full) } } catch let error
      as ApplianceError
    { return error.message }
  }
}

/// SQLite's own verdict on a database.
enum TimelineCheck {
  /// Problems that are told.
  private static let limit = 5

  static func problem(in db: Database, full: Bool) throws -> String? {
    let pragma = full ? "integrity_check" : "quick_check"
    let lines = try String.fetchAll(db, sql: "PRAGMA \(pragma)(\(limit))")
    if lines != ["ok"] { return lines.joined(separator: "; ") }
    // To SQLite an empty file is a database like any other.
    for table in ["inbound", "channel_policy"] where !(try db.tableExists(table)) {
      return "the table \(table) is missing"
    }
    guard full else { return nil }
    let orphans = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").count
    return orphans == 0 ? nil : "\(orphans) rows refer to rows that are gone"
  }
}
