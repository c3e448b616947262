// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GRDB

/// Rows of a timeline that no process has open, for people and programs: one JSON object a line, with
/// the names of the columns.
public enum TimelineExport {
  /// What is wanted.
  public enum Part: Sendable, Equatable {
    case table(String)
    /// The messages of one session, and the steps of their turns.
    case session(String)
  }

  /// - Parameter take: Called with each line, without its end, in the order of the table.
  /// - Returns: Lines.
  /// - Throws: `timeline.failed`, also for a table that there is not; what `take` throws.
  public static func rows(
    path: String, _ part: Part, _ take: ([UInt8]) throws -> Void
  ) throws -> Int {
    let count = try TimelineInspection.read(path) { db in
      switch part {
      case .table(let name): try table(name, db, take)
      case .session(let session): try self.session(session, db, take)
      }
    }
    guard let count else {
      throw ApplianceError(.timelineFailed, "there is no database at \"\(path)\"")
    }
    return count
  }

  private static func table(
    _ name: String, _ db: Database, _ take: ([UInt8]) throws -> Void
  ) throws -> Int {
    let tables = try String.fetchAll(
      db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    guard tables.contains(name) else {
      throw ApplianceError(
        .timelineFailed, "there is no table \"\(VisibleText.escape(name))\"",
        hint: "there are \(tables.map { VisibleText.escape($0) }.joined(separator: ", "))")
    }
    // A name that is one of a table, quoted.
    let quoted = name.replacing("\"", with: "\"\"")
    return try lines(db, "SELECT * FROM \"\(quoted)\"", [], take)
  }

  private static func session(
    _ session: String, _ db: Database, _ take: ([UInt8]) throws -> Void
  ) throws -> Int {
    var count = 0
    let messages = try Row.fetchCursor(
      db, sql: "SELECT * FROM inbound WHERE session = ? ORDER BY sequence", arguments: [session])
    while let message = try messages.next() {
      try take(try line(message))
      let steps = "SELECT * FROM turn_step WHERE message = ? ORDER BY position"
      count += 1 + (try lines(db, steps, [message["id"] as String], take))
    }
    guard count > 0 else {
      throw ApplianceError(
        .timelineFailed, "there is no session \"\(VisibleText.escape(session))\"",
        hint: "--only table:inbound has the sessions of all messages")
    }
    return count
  }

  private static func lines(
    _ db: Database, _ sql: String, _ arguments: StatementArguments,
    _ take: ([UInt8]) throws -> Void
  ) throws -> Int {
    var count = 0
    let rows = try Row.fetchCursor(db, sql: sql, arguments: arguments)
    while let row = try rows.next() {
      try take(try line(row))
      count += 1
    }
    return count
  }

  private static func line(_ row: Row) throws -> [UInt8] {
    let members = row.map { name, value in (name, json(value)) }
    return try ApplianceJSON.encode(
      JSONValue.object(Dictionary(members, uniquingKeysWith: { one, _ in one })))
  }

  private static func json(_ value: DatabaseValue) -> JSONValue {
    switch value.storage {
    case .null: .null
    case .int64(let number): .integer(number)
    case .double(let number): .string("\(number)")
    case .string(let text): .string(text)
    case .blob(let data): .string(data.base64EncodedString())
    }
  }
}
