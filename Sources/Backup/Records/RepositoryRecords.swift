// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials
import SodiumCrypto

/// `config`: what the repository is, readable by anybody, and who writes it, for holders of the key.
struct RepositoryConfig: Codable {
  var format = RepositoryFormat.version
  let repository: String
  /// Sealed ``Parameters``, hexadecimal.
  let parameters: String

  struct Parameters: Codable {
    /// Public key of the only one whose heads and manifests count. Hexadecimal.
    let signer: String
    let created: Date
    /// BLAKE2b-256 of each file in `keys/`, by name: whoever damages one is found out before it is
    /// needed.
    let keys: [String: String]
  }
}

/// `keys/NAME`: the root key, sealed to somebody who can open it elsewhere.
struct RepositoryKeySlot: Codable {
  /// X25519 public key, hexadecimal.
  let recipient: String
  /// Hexadecimal.
  let root: String
}

extension BackupManifest {
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

/// Where one chunk lies.
struct ChunkPlace: Codable, Sendable, Equatable {
  let id: String
  let offset: Int
  /// Sealed. Bytes.
  let size: Int
  /// Of the content. Bytes.
  let length: Int
}

/// `index/N`: what the packs hold that snapshot N brought.
struct PackIndex: Codable, Sendable {
  struct Pack: Codable, Sendable, Equatable {
    /// BLAKE2b-256 of the whole file. Hexadecimal.
    let name: String
    /// Bytes of the file.
    let size: Int
    let chunks: [ChunkPlace]
  }

  let packs: [Pack]
}

/// `heads/N`: says that snapshot N is there, and everything before it.
public struct BackupHead: Codable, Sendable, Equatable {
  let repository: String
  public let sequence: Int
  /// BLAKE2b-256 of the file of head N - 1; empty for the first.
  let previous: String
  /// BLAKE2b-256 of the files.
  let manifest: String
  let index: String
  public let time: Date
}

/// `snapshots/N`: what was backed up, and how to get it back.
public struct BackupManifest: Codable, Sendable {
  public struct File: Codable, Sendable, Equatable {
    /// Below one of the roots `state/`, `configuration/`, `trust/`, `workspace/`.
    public let path: String
    /// Permissions, octal.
    public let mode: String
    public let size: Int
    /// BLAKE2b-256 of the content, hexadecimal.
    public let hash: String
    let chunks: [String]
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
  public let appliance: String?
  public let commit: String?
  public let started: Date
  public let finished: Date
  public let files: [File]
  public let folders: [String]
  public let database: Database?
  /// Where the agent's workspace was on the host, when it was not in its usual place.
  public let workspace: String?
  /// What was to be backed up and was not, with the reason.
  public let skipped: [String: String]
}
