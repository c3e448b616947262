// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import Foundation
import GRDB

/// Looks into a timeline that no process has open, without writing anything near it.
public enum TimelineInspection {
  /// The access rules, or `nil` where there is no database yet. Of a database that an earlier
  /// version wrote, what its rows meant.
  ///
  /// Reads the file as immutable; where a write-ahead log was left behind by a crash, reads a copy
  /// in the temporary folder instead, since SQLite would have to write beside the original.
  public static func accessRules(path: String) throws -> AccessRules? {
    try read(path) { try AccessRuleRows.fetch($0) }
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

  /// The size of a file; `nil` only where it is proven that there is none. SQLite would wait for
  /// what is no file.
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
