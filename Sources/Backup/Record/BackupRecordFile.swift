// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import DurableIO
import Glibc

/// Where a host keeps its record. One process changes it at a time.
public struct BackupRecordFile: Sendable {
  private let path: String
  private let lockPath: String

  public init(_ paths: AppliancePaths) {
    path = paths.backupRecord
    lockPath = paths.backup + "/record.lock"
  }

  /// - Throws: `backup.failed` for a file that cannot be read.
  public func read() throws -> BackupRecord {
    guard let bytes = try DurableFile.readIfPresent(path, limit: 4 << 20) else {
      return BackupRecord()
    }
    do { return try ApplianceJSON.decode(BackupRecord.self, from: bytes) } catch {
      throw ApplianceError(
        .backupFailed, "\"\(path)\" cannot be read",
        hint: "remove it: what it tells is then unknown until the next backup and check")
    }
  }

  /// Changes it. A file that cannot be read is put aside, as `record.json.damaged`: backups are made
  /// also without what it told.
  @discardableResult
  public func update<Value>(_ body: (inout BackupRecord) -> Value) throws -> Value {
    try PrivateFolder.create(DurableFile.parentFolder(of: path))
    let lock = try FileLock(acquiring: lockPath, purpose: "kafclaw backup", patience: 10)
    let before = try readOrPutAside()
    var record = before
    let value = body(&record)
    if record != before {
      try DurableFile.replace(path, with: try ApplianceJSON.encode(record, pretty: true))
    }
    _ = consume lock
    return value
  }

  private func readOrPutAside() throws -> BackupRecord {
    do { return try read() } catch {
      guard rename(path, path + ".damaged") == 0 else { throw error }
      return BackupRecord()
    }
  }
}
