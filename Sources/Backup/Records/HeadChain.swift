// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import SodiumCrypto

/// The newest head that somebody saw: an older repository shows when it is compared with it.
public struct KnownHead: Sendable, Codable, Equatable {
  public let sequence: Int
  /// BLAKE2b-256 of the file of the head, hexadecimal.
  public let hash: String

  public init(sequence: Int, hash: String) { (self.sequence, self.hash) = (sequence, hash) }

  /// Reads `SEQUENCE:HASH`.
  public init?(_ text: String) {
    let parts = text.split(separator: ":")
    guard parts.count == 2, let sequence = Int(parts[0]), sequence > 0,
      let hash = HashValue(hexadecimal: parts[1])
    else { return nil }
    self.init(sequence: sequence, hash: hash.hexadecimal)
  }

  public var description: String { "\(sequence):\(hash)" }
}

/// The heads of a repository, from the first to the newest: each signed, each naming the one before.
public struct HeadChain: Sendable {
  public private(set) var heads: [BackupHead] = []
  private var hashes: [HashValue] = []

  /// - Throws: `backup.damaged` for a gap, a foreign or a changed head.
  init(_ folder: RepositoryFolder, _ repository: RepositoryID, signer: [UInt8]) throws {
    for (index, sequence) in try folder.sequences(in: "heads").enumerated() {
      guard sequence == index + 1 else {
        throw ApplianceError(
          .backupDamaged, "heads/\(RepositoryFormat.name(of: index + 1)) is gone")
      }
      try add(
        try folder.read(RepositoryFormat.head(sequence), limit: RepositoryFormat.smallLimit),
        sequence, repository, signer)
    }
  }

  private mutating func add(
    _ bytes: [UInt8], _ sequence: Int, _ repository: RepositoryID, _ signer: [UInt8]
  ) throws {
    let name = RepositoryFormat.head(sequence)
    let head: BackupHead
    do {
      head = try SignedRecord.read(BackupHead.self, bytes, kind: "head", signer: signer)
    } catch {
      throw ApplianceError(.backupDamaged, "\(name): \(ApplianceError.of(error).message)")
    }
    guard head.repository == repository.description, head.sequence == sequence,
      head.previous == hashes.last?.hexadecimal ?? ""
    else {
      throw ApplianceError(.backupDamaged, "\(name) does not follow the one before")
    }
    heads.append(head)
    hashes.append(ContentHash.of(bytes))
  }

  /// The newest, to be remembered elsewhere.
  public var newest: KnownHead? {
    guard let head = heads.last, let hash = hashes.last else { return nil }
    return KnownHead(sequence: head.sequence, hash: hash.hexadecimal)
  }

  /// - Throws: `backup.rewound` unless the repository has grown from what is known.
  public func require(_ known: KnownHead?) throws {
    guard let known else { return }
    guard known.sequence >= 1, known.sequence <= heads.count else {
      throw ApplianceError(
        .backupRewound,
        "the repository ends at snapshot \(heads.count); \(known.sequence) is known",
        hint:
          "newer snapshots were removed, or an older copy of the repository was put there; to go "
          + "on with it, remove the file backup-*.seen of this repository")
    }
    guard hashes[known.sequence - 1].hexadecimal == known.hash else {
      throw ApplianceError(
        .backupRewound, "snapshot \(known.sequence) of the repository is another than is known",
        hint: "the repository was replaced, or written by two hosts")
    }
  }
}
