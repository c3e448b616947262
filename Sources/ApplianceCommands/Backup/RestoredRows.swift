// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Backup
import Daemon
import DurableIO
import Foundation
import Glibc
import Timeline

/// Rows of a snapshot's timeline, without the rest.
struct RestoredRows {
  private let parts: [TimelineExport.Part]
  private let scratch: String

  init(_ parts: [TimelineExport.Part], scratch: String) throws {
    (self.parts, self.scratch) = (parts, scratch)
  }

  /// - Returns: `nil` when no rows are asked for.
  /// - Throws: `model.malformed` for rows and files at once.
  static func parts(_ only: [String]) throws -> [TimelineExport.Part]? {
    let parts = only.compactMap { text -> TimelineExport.Part? in
      if text.hasPrefix("table:") { return .table(String(text.dropFirst("table:".count))) }
      if text.hasPrefix("session:") { return .session(String(text.dropFirst("session:".count))) }
      return nil
    }
    guard parts.isEmpty || parts.count == only.count else {
      throw ApplianceError(
        .malformed, "--only names both rows and files", hint: "restore them one after the other")
    }
    guard Set(only).count == only.count else {
      throw ApplianceError(.malformed, "--only names the same twice")
    }
    return parts.isEmpty ? nil : parts
  }

  /// Writes a file for each part into a folder that gets its name last.
  ///
  /// - Returns: Rows by file.
  func write(
    _ repository: BackupRepository, _ chain: HeadChain, _ snapshot: Int, to target: String
  ) throws -> [String: Int] {
    let own = try ScratchFolder(in: scratch, for: .rows)
    defer { own.remove() }
    let snapshotFolder = own.path + "/snapshot"
    _ = try SnapshotRestore(
      repository, chain, sequence: snapshot, only: [HostContents.timeline]
    ).write(to: snapshotFolder)
    return try RestoreFolder.fill(target) { staging in
      var rows: [String: Int] = [:]
      for (index, part) in parts.enumerated() {
        let name = Self.name(part, index)
        rows[name] = try write(
          part, from: "\(snapshotFolder)/\(HostContents.timeline)", to: "\(staging)/\(name)")
      }
      return rows
    }
  }

  private func write(
    _ part: TimelineExport.Part, from database: String, to path: String
  ) throws -> Int {
    let file = try Descriptor(opening: path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
    let count = try TimelineExport.rows(path: database, part) { line in
      try file.write(line + [UInt8(ascii: "\n")], to: path)
    }
    try file.synchronize(path)
    return count
  }

  /// Tables are named as in the schema; what else is asked for is refused when it is read.
  private static func name(_ part: TimelineExport.Part, _ index: Int) -> String {
    switch part {
    case .table(let name) where name.utf8.allSatisfy({ $0 != UInt8(ascii: "/") && $0 > 0x20 }):
      "table-\(name).jsonl"
    case .table: "rows-\(index).jsonl"
    case .session: index == 0 ? "session.jsonl" : "session-\(index).jsonl"
    }
  }
}
