// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GRDB

/// What a copy of the database holds.
public struct TimelineFacts: Sendable, Codable, Equatable {
  public let userVersion: Int
  public let applicationID: Int
  public let pageSize: Int
  public let pageCount: Int
  /// Rows by table.
  public let rows: [String: Int]
}

/// Consistent copies of the timeline.
public enum TimelineCapture {
  /// Counts what a database holds that nobody writes.
  ///
  /// - Throws: `timeline.failed`, also where it is damaged.
  public static func facts(path: String) throws -> TimelineFacts {
    let facts = try TimelineInspection.read(path) { db in
      if let problem = try TimelineCheck.problem(in: db, full: false) {
        throw ApplianceError(.timelineFailed, problem)
      }
      return try count(db)
    }
    guard let facts else {
      throw ApplianceError(.timelineFailed, "there is no database at \"\(path)\"")
    }
    return facts
  }

  private static func count(_ db: Database) throws -> TimelineFacts {
    func pragma(_ name: String) throws -> Int {
      try Int.fetchOne(db, sql: "PRAGMA \(name)") ?? 0
    }
    let tables = try String.fetchAll(
      db,
      sql: """
        SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
        """)
    var rows: [String: Int] = [:]
    for table in tables {
      let quoted = table.replacing("\"", with: "\"\"")
      rows[table] = try Int.fetchOne(db, sql: "SELECT count(*) FROM \"\(quoted)\"") ?? 0
    }
    return TimelineFacts(
      userVersion: try pragma("user_version"), applicationID: try pragma("application_id"),
      pageSize: try pragma("page_size"), pageCount: try pragma("page_count"), rows: rows)
  }

  /// Copies everything that `source` sees into a new file, in one step: no write of others comes
  /// in between (sqlite3_backup_step(-1)).
  static func copy(_ source: Database, to path: String) throws {
    unlink(path)
    // Whatever the umask: it holds what people wrote.
    let made = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard made >= 0 else {
      throw ApplianceError(
        .timelineFailed, "cannot create \"\(path)\": \(String(cString: strerror(errno)))")
    }
    close(made)
    let target = try DatabaseQueue(path: path)
    do {
      try target.writeWithoutTransaction { target in
        try source.backup(to: target)
        // A file of its own: whoever reads it needs no second one, and writes none.
        _ = try String.fetchOne(target, sql: "PRAGMA journal_mode = DELETE")
      }
      try target.close()
    } catch {
      // `try?`: why the copy failed is what counts.
      try? target.close()
      unlink(path)
      throw error
    }
  }

  /// Copies a database that no process has open.
  public static func copyStopped(_ path: String, to target: String) throws {
    let found: Bool? = try TimelineInspection.read(path) { db in
      try copy(db, to: target)
      return true
    }
    guard found == true else {
      throw ApplianceError(.timelineFailed, "there is no database at \"\(path)\"")
    }
  }
}

extension TimelineStore {
  /// Copies what is committed by now into a new file, while others go on writing. The write-ahead
  /// log cannot be shortened meanwhile.
  public func capture(to path: String) async throws {
    do {
      try await pool.read { db in
        // Without it the copy would begin whenever its first page is read.
        _ = try Int.fetchOne(db, sql: "SELECT 1 FROM sqlite_schema LIMIT 1")
        try TimelineCapture.copy(db, to: path)
      }
    } catch let error as DatabaseError {
      throw Self.failure(error)
    }
  }
}
