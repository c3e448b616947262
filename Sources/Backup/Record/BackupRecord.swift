// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import DurableIO
public import FoundationEssentials

/// What became of the backups of a host: how each task ended last, and when it last went well.
public struct BackupRecord: Sendable, Codable, Equatable {
  /// What is done with a repository.
  public enum Deed: String, Sendable, Codable, CaseIterable {
    case create
    case prune
    case verify
    case drill
  }

  public enum Outcome: String, Sendable, Codable {
    case done
    case failed
    /// It was not begun, because something else kept it from that.
    case skipped
  }

  /// One run of a deed.
  public struct Run: Sendable, Codable, Equatable {
    public let at: Date
    public let outcome: Outcome
    /// Id of the repository, as far as it was known.
    public let repository: String?
    /// The snapshot that was made, or the newest one that was looked at.
    public let snapshot: Int?
    /// Of a check: how much was looked at.
    public let level: String?
    /// Of a drill: whether the recovery key opened the repository.
    public let isByRecoveryKey: Bool?
    /// What was done, or why not.
    public let words: String

    public init(
      at: Date, _ outcome: Outcome, repository: String?, snapshot: Int? = nil,
      level: String? = nil, isByRecoveryKey: Bool? = nil, words: String
    ) {
      (self.at, self.outcome, self.repository) = (at, outcome, repository)
      (self.snapshot, self.level, self.words) = (snapshot, level, words)
      self.isByRecoveryKey = isByRecoveryKey
    }
  }

  /// The last run of each deed.
  public private(set) var last: [String: Run] = [:]
  /// The last run of each that went well.
  public private(set) var lastDone: [String: Run] = [:]
  /// Points of schedules up to which runs were begun, by deed.
  public var points: [String: Date] = [:]

  public init() {}

  public func last(_ deed: Deed) -> Run? { last[deed.rawValue] }
  public func lastDone(_ deed: Deed) -> Run? { lastDone[deed.rawValue] }

  public mutating func note(_ deed: Deed, _ run: Run) {
    last[deed.rawValue] = run
    if run.outcome == .done { lastDone[deed.rawValue] = run }
  }

  /// The newest snapshot of a repository of which everything was read back; `nil` when that was never
  /// done, or the last time found damage.
  public func verified(in repository: String) -> Int? {
    let checks = [Deed.verify, .drill].compactMap { last[$0.rawValue] }
      .filter { $0.repository == repository && $0.outcome != .skipped && $0.level != "manifest" }
    guard let newest = checks.max(by: { $0.at < $1.at }), newest.outcome == .done else {
      return nil
    }
    return newest.snapshot
  }
}

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
    guard let bytes = try DurableFile.readIfPresent(path, limit: 1 << 20) else {
      return BackupRecord()
    }
    do { return try ApplianceJSON.decode(BackupRecord.self, from: bytes) } catch {
      throw ApplianceError(
        .backupFailed, "\"\(path)\" cannot be read",
        hint: "remove it: what it tells is then unknown until the next backup and check")
    }
  }

  public func update(_ body: (inout BackupRecord) -> Void) throws {
    try PrivateFolder.create(DurableFile.parentFolder(of: path))
    let lock = try FileLock(acquiring: lockPath, purpose: "kafclaw backup", patience: 10)
    var record = try read()
    body(&record)
    try DurableFile.replace(path, with: try ApplianceJSON.encode(record, pretty: true))
    _ = consume lock
  }
}
