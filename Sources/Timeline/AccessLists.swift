// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GRDB

/// The access rows of one channel, or of the sender tiers, as the reconciler compares them.
public struct AccessLists: Sendable, Equatable {
  /// Channel name to policy word.
  public var policies: [String: String]
  /// Channel name to admitted senders.
  public var channels: [String: Set<String>]
  /// Sender to tier word.
  public var tiers: [String: String]

  public init(
    policies: [String: String] = [:], channels: [String: Set<String>] = [:],
    tiers: [String: String] = [:]
  ) {
    self.policies = policies
    self.channels = channels
    self.tiers = tiers
  }

  static func fetch(_ db: Database) throws -> AccessLists {
    var lists = AccessLists()
    try eachPair(db, "SELECT channel, policy FROM channel_policy") { lists.policies[$0] = $1 }
    try eachPair(db, "SELECT channel, sender FROM channel_sender") {
      lists.channels[$0, default: []].insert($1)
    }
    try eachPair(db, "SELECT sender, tier FROM sender_tier") { lists.tiers[$0] = $1 }
    return lists
  }

  /// Calls `body` with the two texts of every row.
  private static func eachPair(
    _ db: Database, _ sql: String, _ body: (String, String) -> Void
  ) throws {
    let rows = try Row.fetchCursor(db, sql: sql)
    while let row = try rows.next() { body(try row.text(at: 0), try row.text(at: 1)) }
  }
}

extension TimelineStore {
  /// The rows as they are now.
  public func accessLists() async throws -> AccessLists {
    try await read { try AccessLists.fetch($0) }
  }

  /// Replaces policy and senders of one channel, or removes it (`policy` nil). Live on return.
  public func setChannel(_ name: String, policy: String?, senders: Set<String>) async throws {
    try await commits.perform { db in
      try db.execute(sql: "DELETE FROM channel_policy WHERE channel = ?", arguments: [name])
      try db.execute(sql: "DELETE FROM channel_sender WHERE channel = ?", arguments: [name])
      guard let policy else { return }
      try db.execute(
        sql: "INSERT INTO channel_policy (channel, policy) VALUES (?, ?)",
        arguments: [name, policy])
      let insert = try db.makeStatement(
        sql: "INSERT INTO channel_sender (channel, sender) VALUES (?, ?)")
      for sender in senders.sorted() { try insert.execute(arguments: [name, sender]) }
    }
  }

  /// Replaces all sender tiers. Live on return.
  public func setTiers(_ tiers: [String: String]) async throws {
    try await commits.perform { db in
      try db.execute(sql: "DELETE FROM sender_tier")
      for (sender, tier) in tiers.sorted(by: { $0.key < $1.key }) {
        try db.execute(
          sql: "INSERT INTO sender_tier (sender, tier) VALUES (?, ?)", arguments: [sender, tier])
      }
    }
  }
}

/// Looks into a timeline that no process has open, without writing anything near it.
public enum TimelineInspection {
  /// The access rows, or `nil` where there is no database yet.
  ///
  /// Reads the file as immutable; where a write-ahead log was left behind by a crash, reads a copy
  /// in the temporary folder instead, since SQLite would have to write beside the original.
  public static func accessLists(path: String) throws -> AccessLists? {
    try read(path) { db in
      try db.tableExists("channel_policy") ? try AccessLists.fetch(db) : AccessLists()
    }
  }

  /// What is wrong with the database; `nil` when it is intact, or there is none.
  public static func problem(path: String, full: Bool) throws -> String? {
    do {
      return try read(path) { try TimelineCheck.problem(in: $0, full: full) } ?? nil
    } catch let error as ApplianceError where error.code == .timelineFailed {
      return error.message
    }
  }

  /// What `body` finds; `nil` where there is no database yet.
  static func read<Value>(
    _ path: String, _ body: (Database) throws -> Value
  ) throws -> Value? {
    let files = FileManager.default
    guard try size(path) != nil else { return nil }
    guard try hasLog(path) else {
      return try fetch("file:\(escaped(path))?immutable=1", readOnly: true, body)
    }
    let folder = files.temporaryDirectory.appendingPathComponent("kafclaw-\(UUID().uuidString)")
    try files.createDirectory(
      at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer { try? files.removeItem(at: folder) }  // `try?`: a copy left in /tmp harms nothing
    let copy = folder.appendingPathComponent("timeline.db").path
    try files.copyItem(atPath: path, toPath: copy)
    try files.copyItem(atPath: path + "-wal", toPath: copy + "-wal")
    return try fetch("file:\(escaped(copy))", readOnly: false, body)
  }

  /// An empty log has nothing that the database lacks.
  private static func hasLog(_ path: String) throws -> Bool {
    try size(path + "-wal").map { $0 != 0 } ?? false
  }

  /// The size of a file; `nil` only where it is proven that there is none. SQLite would wait for what
  /// is no file.
  private static func size(_ path: String) throws -> Int? {
    var status = stat()
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw ApplianceError(.timelineFailed, "\"\(path)\" is not a regular file")
      }
      return Int(status.st_size)
    }
    guard errno == ENOENT else {
      throw ApplianceError(
        .timelineFailed, "cannot examine \"\(path)\": \(String(cString: strerror(errno)))")
    }
    return nil
  }

  private static func fetch<Value>(
    _ uri: String, readOnly: Bool, _ body: (Database) throws -> Value
  ) throws -> Value {
    do {
      var configuration = Configuration()
      configuration.readonly = readOnly
      let queue = try DatabaseQueue(path: uri, configuration: configuration)
      defer { try? queue.close() }  // `try?`: nothing was written that closing could lose
      return try queue.read(body)
    } catch let error as DatabaseError {
      throw TimelineStore.failure(error)
    }
  }

  /// SQLite URI filenames: `%`, `?` and `#` are escaped.
  private static func escaped(_ path: String) -> String {
    path.replacingOccurrences(of: "%", with: "%25").replacingOccurrences(of: "?", with: "%3f")
      .replacingOccurrences(of: "#", with: "%23")
  }
}
