// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import GRDB

extension ApplianceError.Code {
  /// The database refused an operation; nothing of the operation is stored.
  public static let timelineFailed = Self("timeline.failed")
}

/// The appliance's durable memory: messages, turns, access rules. One process owns it.
///
/// Every change is one member of a group commit and durable (`synchronous=FULL`) when its call
/// returns.
public final class TimelineStore: Sendable {
  let pool: DatabasePool
  let commits: GroupCommit
  let rules: RulesCache

  /// Opens or creates the database, brings its schema up to date, and puts right what a crash left
  /// half done.
  ///
  /// - Throws: `timeline.failed` when it is damaged, or newer than this program.
  public init(path: String) throws {
    do {
      var configuration = Configuration()
      configuration.busyMode = .timeout(5)
      configuration.prepareDatabase { try $0.execute(sql: "PRAGMA foreign_keys = ON") }
      pool = try DatabasePool(path: path, configuration: configuration)
      // A pool sets NORMAL after `prepareDatabase`; without FULL the last commits before a power
      // cut could be lost after they were acknowledged.
      try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      let migrator = TimelineMigrations.migrator
      guard try pool.read({ try !migrator.hasBeenSuperseded($0) }) else {
        throw ApplianceError(
          .timelineFailed, "\"\(path)\" was written by a newer version of kafclaw",
          hint: "install that version again")
      }
      try migrator.migrate(pool)
      try pool.write { db in
        try FairQueue.rebuild(in: db)
        try BudgetRows.settleAll(in: db)
      }
    } catch let error as DatabaseError {
      throw Self.failure(error)
    }
    let rules = RulesCache()
    self.rules = rules
    commits = GroupCommit(pool: pool) { rules.invalidate() }
  }

  /// Writes the log back into the database and closes it.
  public func close() throws {
    commits.stop()
    do {
      try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
      pool.invalidateReadOnlyConnections()
      try pool.close()
      try Self.removeLog(of: pool.path)
    } catch let error as DatabaseError {
      throw Self.failure(error)
    }
  }

  /// A pool's readers close last and may not remove the log files; a connection that can write
  /// does, so that a stopped timeline is one file.
  private static func removeLog(of path: String) throws {
    let last = try DatabaseQueue(path: path)
    try last.read { _ = try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") }
    try last.close()
  }

  /// The pragmas durability rests on, read back from the writer connection.
  public func durability() throws -> (journalMode: String, synchronous: Int) {
    try pool.writeWithoutTransaction { db in
      let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode") ?? ""
      return (mode, try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? -1)
    }
  }

  /// Whether the store answers, and can write again after a commit that failed.
  ///
  /// - Throws: `timeline.failed`.
  public func probe() async throws {
    _ = try await read { try Int.fetchOne($0, sql: "SELECT 1") }
    if commits.hasFailed {
      try await commits.perform { try $0.execute(sql: "PRAGMA user_version = 0") }
    }
  }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    do {
      return try await pool.read(body)
    } catch let error as DatabaseError {
      throw Self.failure(error)
    }
  }

  /// GRDB leaves statement arguments out of its descriptions, so no message text can leak.
  static func failure(_ error: DatabaseError) -> ApplianceError {
    ApplianceError(
      .timelineFailed,
      "timeline.db: \(error.message ?? "failed") (\(error.extendedResultCode))",
      hint: "check free space and permissions of the state home")
  }
}
