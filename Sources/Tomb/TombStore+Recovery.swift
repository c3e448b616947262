// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
public import FoundationEssentials
import SodiumCrypto

/// A tomb in one file, sealed to one recipient: a key file and the entries, each after its length.
struct TombExport {
  let keyFile: [UInt8]
  let entries: [UInt8]

  static let magic = Array("KAFEXPT\u{1}".utf8)

  var bytes: [UInt8] {
    var bytes = Self.magic
    bytes.append(number: UInt32(clamping: keyFile.count))
    bytes += keyFile
    bytes.append(number: UInt32(clamping: entries.count))
    return bytes + entries
  }

  init(keyFile: [UInt8], entries: [UInt8]) {
    (self.keyFile, self.entries) = (keyFile, entries)
  }

  init(_ bytes: [UInt8]) throws {
    var reader = BinaryReader(bytes, subject: "the exported tomb")
    do {
      guard try reader.bytes(Self.magic.count, "first bytes") == Self.magic else {
        throw ApplianceError(.malformed, "this is not an exported tomb")
      }
      keyFile = try reader.bytes(Int(try reader.number(UInt32.self, "length")), "key file")
      entries = try reader.bytes(Int(try reader.number(UInt32.self, "length")), "entries")
      try reader.requireEnd()
    } catch let error as ApplianceError where error.code == .malformed {
      throw ApplianceError(.tombMalformed, error.message)
    }
  }
}

extension TombStore {
  /// The whole tomb under a key of its own, sealed to one recipient.
  public func export(to recipient: Recipient, at now: Date) throws -> [UInt8] {
    let opened = try open()
    let root = try SecretKey.random()
    let keys = TombKeys(epoch: 1, root: root)
    var file = KeyFile(
      id: SecureRandom.bytes(KeyFile.idBytes),
      slots: [KeySlot(.recovery, label: "export", publicKey: recipient.publicKey, at: now)])
    try file.add(root, at: now)
    let copy = try opened.entries.copied(to: file.id, from: opened.current, under: keys)
    return TombExport(
      keyFile: try file.encoded(under: root, host: nil),
      entries: try copy.encoded(under: keys).bytes
    ).bytes
  }

  /// Makes the tomb of this host from an exported one, or fills the one that is there when nothing
  /// was ever set in it.
  ///
  /// - Throws: `tomb.exists`, `tomb.locked` when the key is not the one it was sealed to.
  public func adopt(_ export: [UInt8], with recovery: RecoveryKey, at now: Date) throws {
    let export = try TombExport(export)
    let source = try Self.opened(export, with: recovery)
    // Before anything is made of it.
    _ = try source.entries.verify(source.current)
    try files.locked {
      if try !files.exists { try make(recovery: [recovery.recipient], at: now) }
      var opened = try open()
      guard opened.entries.isUnused else {
        throw ApplianceError(
          .tombExists, "there is a tomb with entries on this host already",
          hint: "move it away first if it is not needed any more")
      }
      try finishRotation(&opened)
      let publicKey = recovery.key.publicKey
      if !opened.keyFile.slots.contains(where: { $0.publicKey == publicKey }) {
        try opened.add(KeySlot(.recovery, label: "recovery", publicKey: publicKey, at: now))
        try files.write(&opened)
      }
      let copy = try source.entries.copied(
        to: opened.keyFile.id, counter: opened.entries.counter, from: source.current,
        under: opened.newest)
      try files.write(copy, of: opened, under: opened.newest)
    }
  }

  private static func opened(
    _ export: TombExport, with recovery: RecoveryKey
  ) throws -> TombFiles.Opened {
    let file = try KeyFile(export.keyFile)
    let keys = try roots(of: file, with: recovery)
    if let newest = keys.last {
      try KeyFile.requireAuthentic(export.keyFile, under: newest.root, host: nil)
    }
    return TombFiles.Opened(
      keyFile: file, keys: keys, entries: try EntryFile(export.entries, of: file.id, keys))
  }

  private static func slot(of file: KeyFile, for recovery: RecoveryKey) throws -> KeySlot {
    let slot = file.slots.first {
      $0.kind == .recovery && $0.publicKey == recovery.key.publicKey
    }
    guard let slot else {
      throw ApplianceError(
        .tombLocked, "the tomb is not sealed to this recovery key",
        hint: "take the key of the recipient that `kafclaw tomb list` showed")
    }
    return slot
  }

  private static func roots(of file: KeyFile, with recovery: RecoveryKey) throws -> [TombKeys] {
    do {
      return try file.roots(try slot(of: file, for: recovery), recovery.key.privateKey)
    } catch let error as ApplianceError where error.code == .notAuthentic {
      throw ApplianceError(
        .tombChanged, "the exported tomb was changed", hint: "take another copy of it")
    }
  }

  /// Opens the tomb's files with the recovery key, gives this host a slot of its declared backend
  /// and the tomb a new root key: for files that were restored on another host, or a backend that
  /// opens no more.
  public func recover(with recovery: RecoveryKey, at now: Date) throws {
    try files.locked {
      var opened = try files.open(isRestored: true) { file in
        (try Self.slot(of: file, for: recovery), recovery.key.privateKey)
      }
      try renewHostSlot(&opened, at: now)
      try finishRotation(&opened)
      try beginRotation(&opened, at: now)
      try finishRotation(&opened)
    }
  }

  /// Takes the files as they are for the present ones, after a restore.
  public func acceptOlder() throws {
    try files.locked {
      var opened = try open(isRestored: true)
      try files.write(&opened)
    }
  }
}
