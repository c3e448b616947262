// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials

/// `snapshots/N`: what was backed up, and how to get it back.
public struct BackupManifest: Codable, Sendable {
  public struct File: Codable, Sendable, Equatable {
    /// Below one of the roots `state/`, `configuration/`, `trust/`, `workspace/`.
    public let path: String
    /// Permissions, octal.
    public let mode: String
    public let size: Int
    /// Names of its chunks, in their order: each is a keyed hash of its content, and so they are
    /// together.
    public let chunks: [String]
    /// What changed while it was read: it is what was read, and may be half of two states.
    public let isTorn: Bool
  }

  /// What a copy of the database must hold.
  public struct Database: Codable, Sendable, Equatable {
    public let path: String
    public let userVersion: Int
    public let applicationID: Int
    public let pageSize: Int
    public let pageCount: Int
    /// Rows by table.
    public let rows: [String: Int]

    public init(
      path: String, userVersion: Int, applicationID: Int, pageSize: Int, pageCount: Int,
      rows: [String: Int]
    ) {
      (self.path, self.userVersion, self.applicationID) = (path, userVersion, applicationID)
      (self.pageSize, self.pageCount, self.rows) = (pageSize, pageCount, rows)
    }
  }

  /// What a path of a snapshot begins with.
  static let roots = ["state", "configuration", "trust", "workspace"]

  public let repository: String
  public let sequence: Int
  /// Of the program.
  public let version: String
  /// Which host made it: a hash, the same for all snapshots of one host.
  public let host: String?
  /// What stood for `~` there.
  public let home: String?
  public let appliance: String?
  public let commit: String?
  public let started: Date
  public let finished: Date
  public let files: [File]
  public let folders: [String]
  public let database: Database?
  /// A seal of the audit log: at least what it was made over is in the snapshot.
  public let audit: AuditAnchor?
  /// Where the agent's workspace was on the host, when it was not in its usual place.
  public let workspace: String?
  /// What was to be backed up and was not, with the reason.
  public let skipped: [String: String]

  /// Of all files. Bytes.
  public var size: Int { files.reduce(0) { $0 + $1.size } }

  /// - Throws: `backup.damaged` for sizes that cannot be.
  func requireSizes(_ name: String) throws {
    var sum = 0
    for file in files {
      let (total, overflow) = sum.addingReportingOverflow(file.size)
      guard file.size >= 0, !overflow else {
        throw ApplianceError(.backupDamaged, "\(name) has sizes that cannot be")
      }
      sum = total
    }
  }
}
