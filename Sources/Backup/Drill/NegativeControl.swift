// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc
public import SodiumCrypto

/// Restores that must fail: a check that cannot fail proves nothing.
public enum NegativeControl {
  /// Tries to restore a snapshot from a repository in which one bit of a pack is another, and from one
  /// in which that pack is gone. The repository itself stays as it is.
  ///
  /// - Parameter target: A folder that is not there, and is not there afterwards.
  public static func run(
    _ storage: any BackupStorage, root: SecretKey, snapshot: Int, target: String
  ) throws -> [DrillEvidence.Check] {
    let repository = try BackupRepository(in: storage, root: root)
    let (pack, byte) = try place(repository, snapshot)
    let damages: [(String, DamagedStorage.Damage)] = [
      ("control.flipped-bit", .flippedBit(byte)), ("control.missing-pack", .missing),
    ]
    return try damages.map { name, damage in
      let damaged = DamagedStorage(base: storage, file: pack, damage: damage)
      var found = "restored"
      do {
        let repository = try BackupRepository(in: damaged, root: root)
        _ = try SnapshotRestore(repository, try repository.heads(), sequence: snapshot)
          .write(to: target)
        try RestoreFolder.remove(target)
      } catch let error as ApplianceError where error.code == .backupDamaged {
        found = error.message.contains(pack) ? "refused, and named" : "refused"
      }
      if access(target, F_OK) == 0 { found = "left half a restore" }
      return DrillEvidence.Check(name, expected: "refused, and named", found: found)
    }
  }

  /// A byte of a chunk that the snapshot needs, and the pack in which it is.
  private static func place(
    _ repository: BackupRepository, _ snapshot: Int
  ) throws -> (pack: String, byte: Int) {
    let chain = try repository.heads()
    guard let head = chain.snapshot(snapshot) else {
      throw ApplianceError(.backupRepository, "there is no snapshot \(snapshot)")
    }
    let index = try repository.chunks(chain).index
    for text in try repository.manifest(head).files.flatMap(\.chunks) {
      guard let id = HashValue(hexadecimal: text), let place = index.places[id] else { continue }
      return (RepositoryFormat.pack(index.packs[place.pack].name), place.offset + place.size / 2)
    }
    throw ApplianceError(.backupRepository, "snapshot \(snapshot) has no content")
  }
}

/// A repository as it is, but for one file.
struct DamagedStorage: BackupStorage {
  enum Damage: Sendable {
    /// At this byte.
    case flippedBit(Int)
    case missing
  }

  let base: any BackupStorage
  let file: String
  let damage: Damage

  var address: String { base.address }
  var isRemote: Bool { base.isRemote }

  func read(_ name: String, limit: Int) throws -> [UInt8] {
    let bytes = try base.read(name, limit: limit)
    return try damaged(bytes, name, at: 0)
  }

  func read(_ name: String, _ range: Range<Int>) throws -> [UInt8] {
    try damaged(try base.read(name, range), name, at: range.lowerBound)
  }

  private func damaged(_ bytes: [UInt8], _ name: String, at start: Int) throws -> [UInt8] {
    guard name == file else { return bytes }
    switch damage {
    case .flippedBit(let byte):
      var bytes = bytes
      if bytes.indices.contains(byte - start) { bytes[byte - start] ^= 1 }
      return bytes
    case .missing: throw ApplianceError(.fileMissing, "\"\(name)\" is gone")
    }
  }

  func file(_ name: String) throws -> StoredFile? {
    if name == file, case .missing = damage { return nil }
    return try base.file(name)
  }

  func files(in folder: String) throws -> [StoredFile] { try base.files(in: folder) }

  // Nothing is written through it.
  func prepare() throws { throw Self.readOnly }
  func add(_ name: String, _ bytes: [UInt8]) throws { throw Self.readOnly }
  func remove(_ name: String) throws { throw Self.readOnly }
  func lock(_ purpose: String) throws -> StorageLock? { throw Self.readOnly }

  private static let readOnly = ApplianceError(.backupFailed, "a control writes nothing")
}
