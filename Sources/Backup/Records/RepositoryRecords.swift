// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

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
    /// SHA-256 of each file in `keys/`, by name: whoever damages one is found out before it is
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

  static func name(_ recipient: [UInt8]) -> String {
    String(ContentHash.of(recipient).hexadecimal.prefix(16))
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
  /// The chunk that it is a delta to.
  let base: String?
  /// Of a delta: how many versions there were since one that is none.
  let generation: Int?
}

/// `index/N`: what the packs hold that snapshot N brought, or all that is needed from N on.
struct PackIndex: Codable, Sendable {
  struct Pack: Codable, Sendable, Equatable {
    /// SHA-256 of the whole file. Hexadecimal.
    let name: String
    /// Bytes of the file.
    let size: Int
    let chunks: [ChunkPlace]
  }

  let packs: [Pack]
}

/// `heads/N`: says that snapshot N is there, and everything before it; or what no longer counts.
public struct BackupHead: Codable, Sendable, Equatable {
  let repository: String
  public let sequence: Int
  /// SHA-256 of the file of head N - 1; empty for the first.
  let previous: String
  /// SHA-256 of the file; `nil` where there is no snapshot N.
  let manifest: String?
  /// SHA-256 of the file.
  let index: String
  /// Whether the index stands for all earlier ones too.
  let isComplete: Bool
  /// Snapshots that no longer count.
  let forgotten: [Int]
  /// Of a prune: what a snapshot must have half of.
  let baseline: RetentionBaseline?
  /// SHA-256 of files in `keys/` that were added, by name.
  let keys: [String: String]
  public let time: Date
}
