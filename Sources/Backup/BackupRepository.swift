// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
public import FoundationEssentials
public import SodiumCrypto

/// A backup repository, opened with its root key. docs/formats/backup-repository.md.
public struct BackupRepository: Sendable {
  public let id: RepositoryID
  let folder: RepositoryFolder
  let keys: RepositoryKeys
  /// Whose heads and manifests count.
  let signer: [UInt8]
  /// Of each file in `keys/`.
  let slots: [String: String]

  /// Who writes the repository, to be compared with what is known from elsewhere: whoever knows a
  /// recipient can make a repository that its recovery key opens.
  public var writer: String { Hexadecimal.encode(signer) }

  /// Makes an empty repository.
  ///
  /// - Parameters:
  ///   - root: Opens everything in it; whoever loses it and every recipient loses the backups.
  ///   - recipients: X25519 public keys to which the root key is sealed in the repository itself.
  /// - Throws: `backup.repository` when something is there already.
  public static func create(
    at path: String, root: SecretKey, signer: SigningKey, recipients: [[UInt8]], at now: Date
  ) throws -> BackupRepository {
    let folder = RepositoryFolder(path: path)
    try folder.create()
    let id = RepositoryID.random()
    let keys = try RepositoryKeys(root: root)
    var slots: [String: String] = [:]
    for recipient in recipients {
      let slot = try add(recipient, root, folder)
      slots[slot.name] = slot.hash
    }
    let parameters = try ApplianceJSON.encode(
      RepositoryConfig.Parameters(
        signer: Hexadecimal.encode(signer.publicKey), created: now, keys: slots))
    let sealed = parameters.withUnsafeBytes {
      SealedBytes.seal($0, key: keys.records, context: id.context("config", []))
    }
    // Last: without it there is no repository.
    try folder.add(
      "config",
      try ApplianceJSON.encode(
        RepositoryConfig(repository: id.description, parameters: Hexadecimal.encode(sealed)),
        pretty: true))
    return BackupRepository(
      id: id, folder: folder, keys: keys, signer: signer.publicKey, slots: slots)
  }

  private init(
    id: RepositoryID, folder: RepositoryFolder, keys: RepositoryKeys, signer: [UInt8],
    slots: [String: String]
  ) {
    (self.id, self.folder, self.keys, self.signer) = (id, folder, keys, signer)
    self.slots = slots
  }

  /// - Throws: `backup.repository`, `backup.key` when `root` is another repository's.
  public init(at path: String, root: SecretKey) throws {
    folder = RepositoryFolder(path: path)
    let config = try Self.config(folder)
    guard let id = RepositoryID(config.repository),
      let sealed = Hexadecimal.decode(config.parameters)
    else { throw Self.unreadable(path) }
    keys = try RepositoryKeys(root: root)
    self.id = id
    do {
      let (key, context) = (keys.records, id.context("config", []))
      let bytes = try sealed.withUnsafeBytes {
        try SealedBytes.openContent($0, key: key, context: context)
      }
      let parameters = try ApplianceJSON.decode(RepositoryConfig.Parameters.self, from: bytes)
      guard let signer = Hexadecimal.decode(parameters.signer), signer.count == Ed25519.keyBytes
      else { throw Self.unreadable(path) }
      (self.signer, slots) = (signer, parameters.keys)
    } catch {
      throw ApplianceError(
        .backupKey, "this key does not open the repository \"\(path)\"",
        hint: "use the key that its tomb holds, or the recovery key")
    }
  }

  /// The root key, opened by a recovery key alone.
  ///
  /// - Throws: `backup.key` when the repository was not sealed to it.
  public static func root(at path: String, with recovery: RecipientKey) throws -> SecretKey {
    let folder = RepositoryFolder(path: path)
    _ = try config(folder)
    let wanted = Hexadecimal.encode(recovery.publicKey)
    for name in try folder.names(in: "keys") {
      let bytes = try folder.read("keys/" + name, limit: RepositoryFormat.smallLimit)
      // `try?`: a slot that cannot be read may not be the one that is wanted.
      guard let slot = try? ApplianceJSON.decode(RepositoryKeySlot.self, from: bytes),
        slot.recipient == wanted, let sealed = Hexadecimal.decode(slot.root)
      else { continue }
      do { return try recovery.open(sealed) } catch {
        throw ApplianceError(
          .backupKey, "keys/\(name) was changed: the recovery key does not open it")
      }
    }
    throw ApplianceError(
      .backupKey, "the repository \"\(path)\" is not sealed to this recovery key",
      hint: "it is sealed to the recipients that the tomb had when the repository was made")
  }

  private static func add(
    _ recipient: [UInt8], _ root: SecretKey, _ folder: RepositoryFolder
  ) throws -> (name: String, hash: String) {
    let slot = RepositoryKeySlot(
      recipient: Hexadecimal.encode(recipient),
      root: Hexadecimal.encode(try RecipientKey.seal(root, to: recipient)))
    let name = String(ContentHash.of(recipient).hexadecimal.prefix(16))
    let bytes = try ApplianceJSON.encode(slot, pretty: true)
    try folder.add("keys/\(name)", bytes)
    return (name, ContentHash.of(bytes).hexadecimal)
  }

  private static func config(_ folder: RepositoryFolder) throws -> RepositoryConfig {
    do {
      let bytes = try folder.read("config", limit: RepositoryFormat.smallLimit)
      let config = try ApplianceJSON.decode(RepositoryConfig.self, from: bytes)
      guard config.format == RepositoryFormat.version else {
        throw ApplianceError(
          .backupRepository,
          "\"\(folder.path)\" has format \(config.format); this program reads "
            + "\(RepositoryFormat.version)",
          hint: "use the version of kafclaw that wrote it, or a newer one")
      }
      return config
    } catch let error as ApplianceError where error.code == .fileMissing {
      throw ApplianceError(
        .backupRepository, "there is no backup repository at \"\(folder.path)\"",
        hint: "kafclaw backup init makes one")
    } catch is DecodingError {
      throw unreadable(folder.path)
    }
  }

  private static func unreadable(_ path: String) -> ApplianceError {
    ApplianceError(.backupRepository, "\"\(path)/config\" is not that of a backup repository")
  }
}

extension BackupRepository {
  public func heads() throws -> HeadChain { try HeadChain(folder, id, signer: signer) }

  /// - Throws: `backup.damaged` unless it is what the head names.
  public func manifest(_ head: BackupHead) throws -> BackupManifest {
    let name = RepositoryFormat.manifest(head.sequence, head.manifest)
    let text = try record(name, hash: head.manifest, kind: "manifest", head.sequence)
    let manifest = try SignedRecord.read(
      BackupManifest.self, text, kind: "manifest", signer: signer)
    guard manifest.repository == id.description, manifest.sequence == head.sequence else {
      throw ApplianceError(.backupDamaged, "\(name) is that of another snapshot")
    }
    try manifest.requireSizes(name)
    return manifest
  }

  func index(_ head: BackupHead) throws -> PackIndex {
    let name = RepositoryFormat.index(head.sequence, head.index)
    let text = try record(name, hash: head.index, kind: "index", head.sequence)
    do {
      return try ApplianceJSON.decode(
        PackIndex.self, from: text, limit: RepositoryFormat.recordLimit)
    } catch {
      throw ApplianceError(.backupDamaged, "\(name) cannot be read")
    }
  }

  /// The places of everything that the snapshots up to the newest brought.
  func chunkIndex(_ heads: [BackupHead]) throws -> ChunkIndex {
    var all = ChunkIndex()
    for head in heads { try all.add(try index(head), sequence: head.sequence) }
    return all
  }

  private func record(
    _ name: String, hash: String, kind: String, _ sequence: Int
  ) throws -> [UInt8] {
    let bytes: [UInt8]
    do { bytes = try folder.read(name, limit: RepositoryFormat.recordLimit) } catch {
      throw ApplianceError(.backupDamaged, "\(name): \(ApplianceError.of(error).message)")
    }
    guard ContentHash.of(bytes).hexadecimal == hash else {
      throw ApplianceError(.backupDamaged, "\(name) is not what its head names")
    }
    do {
      return try bytes.withUnsafeBytes {
        try SealedBytes.openContent(
          $0, key: keys.records, context: id.context(kind, sequence: sequence))
      }
    } catch {
      throw ApplianceError(.backupDamaged, "\(name) is not authentic")
    }
  }

  /// - Throws: `backup.failed` for a record that nobody could read again.
  func sealed(_ bytes: [UInt8], kind: String, _ sequence: Int) throws -> [UInt8] {
    guard bytes.count < RepositoryFormat.recordLimit / 2 else {
      throw ApplianceError(.backupFailed, "the \(kind) has \(bytes.count) bytes: too many files")
    }
    return bytes.withUnsafeBytes {
      SealedBytes.seal($0, key: keys.records, context: id.context(kind, sequence: sequence))
    }
  }

  /// Held by whoever writes, and gone with its process.
  func lock() throws -> FileLock {
    try FileLock(acquiring: folder.path + "/lock", purpose: "kafclaw backup")
  }
}
