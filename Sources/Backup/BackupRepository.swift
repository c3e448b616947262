// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
public import FoundationEssentials
public import SodiumCrypto

/// A backup repository, opened with its root key. docs/formats/backup-repository.md.
public struct BackupRepository: Sendable {
  public let id: RepositoryID
  let storage: any BackupStorage
  let keys: RepositoryKeys
  /// Whose heads and manifests count.
  let signer: [UInt8]
  /// Of each file that `keys/` began with.
  let slots: [String: String]

  /// Where it is, as people write it.
  public var address: String { storage.address }

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
    in storage: any BackupStorage, root: SecretKey, signer: SigningKey, recipients: [[UInt8]],
    at now: Date
  ) throws -> BackupRepository {
    try storage.prepare()
    let id = RepositoryID.random()
    let keys = try RepositoryKeys(root: root)
    var slots: [String: String] = [:]
    for recipient in recipients {
      slots[RepositoryKeySlot.name(recipient)] = try add(recipient, root, storage)
    }
    let parameters = try ApplianceJSON.encode(
      RepositoryConfig.Parameters(
        signer: Hexadecimal.encode(signer.publicKey), created: now, keys: slots))
    let sealed = parameters.withUnsafeBytes {
      SealedBytes.seal($0, key: keys.records, context: id.context("config", []))
    }
    // Last: without it there is no repository.
    try storage.add(
      "config",
      try ApplianceJSON.encode(
        RepositoryConfig(repository: id.description, parameters: Hexadecimal.encode(sealed)),
        pretty: true))
    return BackupRepository(
      id: id, storage: storage, keys: keys, signer: signer.publicKey, slots: slots)
  }

  private init(
    id: RepositoryID, storage: any BackupStorage, keys: RepositoryKeys, signer: [UInt8],
    slots: [String: String]
  ) {
    (self.id, self.storage, self.keys, self.signer) = (id, storage, keys, signer)
    self.slots = slots
  }

  /// - Throws: `backup.repository`, `backup.key` when `root` is another repository's.
  public init(in storage: any BackupStorage, root: SecretKey) throws {
    self.storage = storage
    let config = try Self.config(storage)
    guard let id = RepositoryID(config.repository),
      let sealed = Hexadecimal.decode(config.parameters)
    else { throw Self.unreadable(storage) }
    keys = try RepositoryKeys(root: root)
    self.id = id
    do {
      let (key, context) = (keys.records, id.context("config", []))
      let bytes = try sealed.withUnsafeBytes {
        try SealedBytes.openContent($0, key: key, context: context)
      }
      let parameters = try ApplianceJSON.decode(RepositoryConfig.Parameters.self, from: bytes)
      guard let signer = Hexadecimal.decode(parameters.signer), signer.count == Ed25519.keyBytes
      else { throw Self.unreadable(storage) }
      (self.signer, slots) = (signer, parameters.keys)
    } catch {
      throw ApplianceError(
        .backupKey, "this key does not open the repository \"\(storage.address)\"",
        hint: "use the key that its tomb holds, or the recovery key")
    }
  }

  /// The root key, opened by a recovery key alone.
  ///
  /// - Throws: `backup.key` when the repository was not sealed to it.
  public static func root(
    in storage: any BackupStorage, with recovery: RecipientKey
  ) throws -> SecretKey {
    _ = try config(storage)
    let name = "keys/" + RepositoryKeySlot.name(recovery.publicKey)
    let bytes: [UInt8]
    do { bytes = try storage.read(name, limit: RepositoryFormat.smallLimit) } catch let error
      as ApplianceError where error.code == .fileMissing
    {
      throw ApplianceError(
        .backupKey, "the repository \"\(storage.address)\" is not sealed to this recovery key",
        hint: "it is sealed to the recipients that the tomb had when it was last written")
    }
    do {
      let slot = try ApplianceJSON.decode(RepositoryKeySlot.self, from: bytes)
      guard slot.recipient == Hexadecimal.encode(recovery.publicKey),
        let sealed = Hexadecimal.decode(slot.root)
      else { throw ApplianceError(.backupKey, "") }
      return try recovery.open(sealed)
    } catch {
      throw ApplianceError(.backupKey, "\(name) was changed: the recovery key does not open it")
    }
  }

  /// - Returns: SHA-256 of the slot.
  static func add(
    _ recipient: [UInt8], _ root: SecretKey, _ storage: any BackupStorage
  ) throws -> String {
    let slot = RepositoryKeySlot(
      recipient: Hexadecimal.encode(recipient),
      root: Hexadecimal.encode(try RecipientKey.seal(root, to: recipient)))
    let bytes = try ApplianceJSON.encode(slot, pretty: true)
    try storage.add("keys/" + RepositoryKeySlot.name(recipient), bytes)
    return ContentHash.of(bytes).hexadecimal
  }

  private static func config(_ storage: any BackupStorage) throws -> RepositoryConfig {
    do {
      let bytes = try storage.read("config", limit: RepositoryFormat.smallLimit)
      let config = try ApplianceJSON.decode(RepositoryConfig.self, from: bytes)
      guard config.format == RepositoryFormat.version else {
        throw ApplianceError(
          .backupRepository,
          "\"\(storage.address)\" has format \(config.format); this program reads "
            + "\(RepositoryFormat.version)",
          hint: "use the version of kafclaw that wrote it, or a newer one")
      }
      return config
    } catch let error as ApplianceError where error.code == .fileMissing {
      throw ApplianceError(
        .backupRepository, "there is no backup repository at \"\(storage.address)\"",
        hint: "kafclaw backup init makes one")
    } catch is DecodingError {
      throw unreadable(storage)
    }
  }

  private static func unreadable(_ storage: any BackupStorage) -> ApplianceError {
    ApplianceError(
      .backupRepository, "\"\(storage.address)/config\" is not that of a backup repository")
  }
}
