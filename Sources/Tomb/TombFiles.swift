// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import DurableIO
import FoundationEssentials
import SodiumCrypto

/// The three files of a tomb, and the one way to read them together.
public struct TombFiles: Sendable {
  let keyFile: String
  let entries: String
  let record: String
  let lock: String

  /// - Parameter keyFile: Path of `tomb.rr` when it is not the usual one
  ///   (`KAFCLAW_OAUTH_TOMB_FILE`).
  public init(_ paths: AppliancePaths, keyFile: String? = nil) {
    self.keyFile = keyFile ?? paths.tombFile
    entries = paths.tombEntries
    record = paths.tombRecord
    lock = paths.tombLock
  }

  /// Whether there is a tomb; a damaged one is one.
  var exists: Bool {
    get throws { try DurableFile.readIfPresent(keyFile, limit: KeyFile.sizeLimit) != nil }
  }

  /// Whether there was a tomb, by what is kept apart from it.
  var isRecorded: Bool {
    get throws { try DurableFile.readIfPresent(record, limit: 64 << 10) != nil }
  }

  /// An opened tomb.
  struct Opened {
    var keyFile: KeyFile
    /// Oldest first.
    var keys: [TombKeys]
    var entries: EntryFile
    /// The private key of this host's slot; `nil` where a recovery key opened the tomb.
    var host: SecretKey?

    /// The key the entries are sealed under.
    var current: TombKeys {
      get throws { try Self.key(entries.epoch, in: keys) }
    }

    var newest: TombKeys {
      get throws { try Self.key(keyFile.epochs.last?.number ?? 0, in: keys) }
    }

    /// - Throws: `tomb.invalid` when there is no room for it.
    mutating func add(_ slot: KeySlot) throws {
      guard keyFile.slots.count < KeyFile.slotLimit, slot.label.utf8.count <= KeySlot.labelLimit
      else {
        throw ApplianceError(
          .tombInvalid,
          "a tomb has at most \(KeyFile.slotLimit) slots, with labels of at most "
            + "\(KeySlot.labelLimit) bytes", hint: "kafclaw tomb remove-recipient ID")
      }
      keyFile.slots.append(slot)
      for index in keyFile.epochs.indices {
        let root = try Self.key(keyFile.epochs[index].number, in: keys).root
        keyFile.epochs[index].sealed.append(try RecipientKey.seal(root, to: slot.publicKey))
      }
    }

    mutating func removeSlot(at index: Int) {
      keyFile.slots.remove(at: index)
      for epoch in keyFile.epochs.indices { keyFile.epochs[epoch].sealed.remove(at: index) }
    }

    private static func key(_ epoch: UInt32, in keys: [TombKeys]) throws -> TombKeys {
      guard let key = keys.first(where: { $0.epoch == epoch }) else {
        throw ApplianceError(.inconsistent, "the tomb's key number \(epoch) is not there")
      }
      return key
    }
  }

  func readKeyFile() throws -> (file: KeyFile, bytes: [UInt8]) {
    guard let bytes = try DurableFile.readIfPresent(keyFile, limit: KeyFile.sizeLimit) else {
      let isLost = try hasEntries
      throw ApplianceError(
        .tombMissing,
        isLost
          ? "\"\(keyFile)\" is gone, and its entries are still there"
          : "there is no tomb on this host",
        hint: isLost ? "restore it from a backup" : "kafclaw tomb init")
    }
    try PrivateFolder.requireSecretFile(keyFile)
    return (try KeyFile(bytes), bytes)
  }

  /// Whether there are entries that some key file opens: a first file of entries is empty.
  private var hasEntries: Bool {
    get throws {
      let bytes = try DurableFile.readIfPresent(entries, limit: EntryFile.sizeLimit)
      return bytes.map { !EntryFile.isUnused($0) } ?? false
    }
  }

  /// How often a reader begins again because the key file was replaced under it.
  private static let patience = 100

  /// Reads all three files. Who changes the tomb replaces them one after the other, and the key file
  /// says how the others are to be read: what does not fit is an error only when the key file is
  /// still the same afterwards. The entries are read after the record, so they are never older.
  ///
  /// - Parameter slot: Which slot is opened, and with what.
  /// - Parameter isRestored: The files were put back on purpose: an older copy is taken.
  func open(
    isRestored: Bool = false, _ slot: (KeyFile) throws -> (KeySlot, SecretKey)
  ) throws -> Opened {
    var seen = try readKeyFile()
    for _ in 1..<Self.patience {
      do {
        return try open(seen.file, seen.bytes, isRestored, slot)
      } catch {
        let present = try readKeyFile()
        guard present.bytes != seen.bytes else { throw error }
        seen = present
      }
    }
    return try open(seen.file, seen.bytes, isRestored, slot)
  }

  private func open(
    _ file: KeyFile, _ bytes: [UInt8], _ isRestored: Bool,
    _ slot: (KeyFile) throws -> (KeySlot, SecretKey)
  ) throws -> Opened {
    let (chosen, key) = try slot(file)
    let host = chosen.kind == .recovery ? nil : key
    let keys: [TombKeys]
    do {
      keys = try file.roots(chosen, key)
    } catch let error as ApplianceError where error.code == .notAuthentic {
      throw ApplianceError(
        .tombLocked, "the key of the backend does not open its slot in tomb.rr",
        hint: "kafclaw tomb recover, with the recovery key")
    }
    if let newest = keys.last {
      try KeyFile.requireAuthentic(bytes, under: newest.root, host: host)
    }
    let record = isRestored ? nil : try readRecord(file, keys)
    let entries = try readEntries(file, keys)
    try record?.require(keyFile: file.counter, entries: entries.counter)
    return Opened(keyFile: file, keys: keys, entries: entries, host: host)
  }

  private func readRecord(_ file: KeyFile, _ keys: [TombKeys]) throws -> TombRecord {
    guard let bytes = try DurableFile.readIfPresent(record, limit: TombRecord.sizeLimit) else {
      throw ApplianceError(
        .tombUnseen, "the record of the tomb is gone: an older copy could not be told",
        hint: "restore \"\(record)\"; if it is lost for good: kafclaw tomb accept-older")
    }
    return try TombRecord(bytes, of: file.id, under: keys.map(\.root))
  }

  private func readEntries(_ file: KeyFile, _ keys: [TombKeys]) throws -> EntryFile {
    guard let bytes = try DurableFile.readIfPresent(entries, limit: EntryFile.sizeLimit) else {
      throw ApplianceError(
        .tombOlder, "the entries of the tomb are gone",
        hint: "restore \"\(entries)\" from a backup")
    }
    return try EntryFile(bytes, of: file.id, keys)
  }

  /// - Throws: `tomb.missing` when there are entries that a new tomb would make unreadable.
  func requireNoEntries() throws {
    guard try !hasEntries else {
      throw ApplianceError(
        .tombMissing, "there is no \"\(keyFile)\", and the entries of a tomb are still there",
        hint: "restore tomb.rr from a backup, or move \"\(entries)\" away")
    }
  }

  /// Writes a new tomb: the key file last, so that there is either none or a whole one.
  func writeFirst(_ opened: inout Opened) throws {
    opened.entries = try replaceEntries(opened.entries, of: opened, under: opened.newest)
    opened.keyFile.counter = 1
    try writeRecord(opened)
    try writeKeyFile(opened)
  }

  /// Writes the key file, then the record.
  func write(_ opened: inout Opened) throws {
    opened.keyFile.counter += 1
    try writeKeyFile(opened)
    try writeRecord(opened)
  }

  private func writeKeyFile(_ opened: Opened) throws {
    let bytes = try opened.keyFile.encoded(under: try opened.newest.root, host: opened.host)
    try PrivateFolder.create(DurableFile.parentFolder(of: keyFile))
    try DurableFile.replace(keyFile, with: bytes)
  }

  /// Writes the entries, then the record.
  ///
  /// - Returns: The entries as they are now.
  @discardableResult
  func write(_ entries: EntryFile, of opened: Opened, under keys: TombKeys) throws -> EntryFile {
    var opened = opened
    opened.entries = try replaceEntries(entries, of: opened, under: keys)
    try writeRecord(opened)
    return opened.entries
  }

  /// Reads the bytes before it puts them in place: what cannot be read again is never written.
  private func replaceEntries(
    _ entries: EntryFile, of opened: Opened, under keys: TombKeys
  ) throws -> EntryFile {
    let bytes = try entries.encoded(under: keys).bytes
    let written = try EntryFile(bytes, of: opened.keyFile.id, opened.keys)
    try PrivateFolder.create(DurableFile.parentFolder(of: self.entries))
    try DurableFile.replace(self.entries, with: bytes)
    return written
  }

  private func writeRecord(_ opened: Opened) throws {
    let now = TombRecord(
      tomb: opened.keyFile.id, keyFile: opened.keyFile.counter, entries: opened.entries.counter)
    try PrivateFolder.create(DurableFile.parentFolder(of: record))
    try DurableFile.replace(record, with: try now.encoded(under: try opened.newest.root))
  }

  func locked<Value>(_ body: () throws -> Value) throws -> Value {
    try PrivateFolder.create(DurableFile.parentFolder(of: lock))
    let lock = try FileLock(acquiring: lock, purpose: "kafclaw tomb", patience: 30)
    // What somebody who was killed left; nobody else writes into this folder.
    try Leftovers.sweep(DurableFile.parentFolder(of: entries))
    let value = try body()
    _ = consume lock
    return value
  }
}
