// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import FoundationEssentials
import SodiumCrypto

/// What a repository says of its snapshots: records that are read and written.
extension BackupRepository {
  public func heads() throws -> HeadChain { try HeadChain(storage, id, signer: signer) }

  /// - Throws: `backup.damaged` unless it is what the head names.
  public func manifest(_ head: BackupHead) throws -> BackupManifest {
    guard let hash = head.manifest else {
      throw ApplianceError(.backupRepository, "there is no snapshot \(head.sequence)")
    }
    let name = RepositoryFormat.manifest(head.sequence, hash)
    let text: [UInt8]
    do { text = try record(name, hash: hash, kind: "manifest", head.sequence) } catch let error
      as ApplianceError where error.code == .backupDamaged
    {
      throw ApplianceError(.backupDamaged, "\(name) \(error.message)")
    }
    let manifest = try SignedRecord.read(
      BackupManifest.self, text, kind: "manifest", signer: signer)
    guard manifest.repository == id.description, manifest.sequence == head.sequence else {
      throw ApplianceError(.backupDamaged, "\(name) is that of another snapshot")
    }
    try manifest.requireSizes(name)
    return manifest
  }

  /// The places of everything that counts, as far as indexes can be read; what is said only in one
  /// that cannot, and whose copy cannot, is lost.
  func chunks(_ chain: HeadChain) throws -> IndexedChunks {
    var found = IndexedChunks()
    var indexes: [(head: BackupHead, index: PackIndex)] = []
    for head in chain.heads.reversed() {
      guard let index = try index(head, &found.damages) else { continue }
      indexes.append((head, index))
      if head.isComplete { break }
    }
    for (head, index) in indexes.reversed() {
      do { try found.index.add(index, sequence: head.sequence) } catch {
        found.damages.append(
          .init(
            sequence: head.sequence, file: RepositoryFormat.index(head.sequence, head.index),
            problem: ApplianceError.of(error).message, hash: head.index, isLost: true))
      }
    }
    return found
  }

  /// Looks at both files of an index.
  private func index(
    _ head: BackupHead, _ damages: inout [IndexedChunks.Damage]
  ) throws -> PackIndex? {
    let name = RepositoryFormat.index(head.sequence, head.index)
    var found: PackIndex?
    var problems: [(file: String, problem: String)] = []
    for file in [name, RepositoryFormat.copy(name)] {
      do {
        if found == nil {
          found = try index(file, head)
        } else {
          _ = try bytes(file, hash: head.index)
        }
      } catch let error as ApplianceError where error.code == .backupDamaged {
        problems.append((file, error.message))
      }
    }
    damages += problems.map {
      .init(
        sequence: head.sequence, file: $0.file, problem: $0.problem, hash: head.index,
        isLost: found == nil)
    }
    return found
  }

  private func index(_ file: String, _ head: BackupHead) throws -> PackIndex {
    let text = try record(file, hash: head.index, kind: "index", head.sequence)
    do {
      return try ApplianceJSON.decode(
        PackIndex.self, from: text, limit: RepositoryFormat.recordLimit)
    } catch {
      throw ApplianceError(.backupDamaged, "cannot be read")
    }
  }

  /// The index of a head, from whichever file has it.
  ///
  /// - Throws: `backup.damaged` when none has.
  func index(_ head: BackupHead) throws -> PackIndex {
    var damages: [IndexedChunks.Damage] = []
    guard let index = try index(head, &damages) else {
      throw ApplianceError(
        .backupDamaged, damages.first.map { "\($0.file) \($0.problem)" } ?? "an index is gone")
    }
    return index
  }

  private func bytes(_ name: String, hash: String) throws -> [UInt8] {
    let bytes: [UInt8]
    do { bytes = try storage.read(name, limit: RepositoryFormat.recordLimit) } catch let error
      as ApplianceError where error.code != .backupStorage
    {
      throw ApplianceError(.backupDamaged, error.code == .fileMissing ? "is gone" : error.message)
    }
    guard ContentHash.of(bytes).hexadecimal == hash else {
      throw ApplianceError(.backupDamaged, "is not what its head names")
    }
    return bytes
  }

  private func record(
    _ name: String, hash: String, kind: String, _ sequence: Int
  ) throws -> [UInt8] {
    let bytes = try bytes(name, hash: hash)
    let frame: [UInt8]
    do {
      frame = try bytes.withUnsafeBytes {
        try SealedBytes.openContent(
          $0, key: keys.records, context: id.context(kind, sequence: sequence))
      }
    } catch {
      throw ApplianceError(.backupDamaged, "is not authentic")
    }
    return try Zstandard().decompress(frame, limit: RepositoryFormat.recordLimit)
  }

  /// - Throws: `backup.failed` for a record that nobody could read again.
  private func sealed(_ bytes: [UInt8], kind: String, _ sequence: Int) throws -> [UInt8] {
    guard bytes.count <= RepositoryFormat.recordLimit else {
      throw ApplianceError(.backupFailed, "the \(kind) has \(bytes.count) bytes: too many files")
    }
    let frame = try bytes.withUnsafeBytes { try Zstandard().compress($0) }
    return frame.withUnsafeBytes {
      SealedBytes.seal($0, key: keys.records, context: id.context(kind, sequence: sequence))
    }
  }

  /// Adds a head, with what it names before it: once it is there, all of it is.
  ///
  /// - Throws: `backup.exists` when another writer was first; nothing counts then.
  func publish(_ news: RepositoryNews, after chain: HeadChain, signer: SigningKey) throws
    -> KnownHead
  {
    let sequence = chain.next
    let index = try sealed(
      try ApplianceJSON.encode(news.index), kind: "index", sequence)
    let indexHash = ContentHash.of(index).hexadecimal
    // What an interrupted run left under this number has another name, and no head.
    let indexFile = RepositoryFormat.index(sequence, indexHash)
    try storage.add(indexFile, index)
    try storage.add(RepositoryFormat.copy(indexFile), index)
    var manifestHash: String?
    if let manifest = news.manifest {
      let bytes = try sealed(
        try SignedRecord.bytes(manifest, kind: "manifest", key: signer), kind: "manifest", sequence)
      let hash = ContentHash.of(bytes).hexadecimal
      try storage.add(RepositoryFormat.manifest(sequence, hash), bytes)
      manifestHash = hash
    }
    let head = BackupHead(
      repository: id.description, sequence: sequence, previous: chain.newest?.hash ?? "",
      manifest: manifestHash, index: indexHash, isComplete: news.isComplete,
      forgotten: news.forgotten, baseline: news.baseline, keys: news.keys, time: news.time)
    let bytes = try SignedRecord.bytes(head, kind: "head", key: signer)
    guard bytes.count <= RepositoryFormat.headLimit else {
      throw ApplianceError(.backupFailed, "head \(sequence) has \(bytes.count) bytes")
    }
    let headFile = RepositoryFormat.head(sequence)
    try storage.add(headFile, bytes)
    // From here on it is there. Without its copy only its damage would be worse.
    try storage.add(RepositoryFormat.copy(headFile), bytes)
    return KnownHead(sequence: sequence, hash: ContentHash.of(bytes).hexadecimal)
  }

  /// - Throws: `backup.key` when the repository was written by somebody else.
  public func require(_ writer: String?) throws {
    guard writer == nil || writer?.lowercased() == self.writer else {
      throw ApplianceError(
        .backupKey, "the repository was written by \(self.writer)",
        hint: "another one was put there, or the writer is misspelt")
    }
  }

  /// - Throws: `backup.key` for the key of another host.
  func requireWriter(_ signer: SigningKey) throws {
    guard signer.publicKey == self.signer else {
      throw ApplianceError(
        .backupKey, "this host's signing key is not that of the repository",
        hint: "another host writes it: make a repository of your own")
    }
  }
}

/// What a head brings.
struct RepositoryNews {
  var manifest: BackupManifest?
  var index: PackIndex
  var isComplete = false
  var forgotten: [Int] = []
  var baseline: RetentionBaseline?
  var keys: [String: String] = [:]
  let time: Date
}

/// Where chunks are, and which indexes could not be read.
struct IndexedChunks {
  struct Damage {
    let sequence: Int
    let file: String
    let problem: String
    /// SHA-256 that the file has to have.
    let hash: String
    /// Whether its copy is lost too.
    let isLost: Bool
  }

  var index = ChunkIndex()
  var damages: [Damage] = []
}
