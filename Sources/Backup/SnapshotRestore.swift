// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc
import SodiumCrypto

/// Brings the files of a snapshot back: all of them whole and verified, or none.
public struct SnapshotRestore {
  private let manifest: BackupManifest
  private let wanted: [BackupManifest.File]
  private let reader: ChunkReader

  /// - Parameter only: Paths of files, or of folders with everything below; `nil` for all.
  /// - Throws: `backup.damaged`; `backup.repository` when `only` names nothing that is there.
  public init(
    _ repository: BackupRepository, _ chain: HeadChain, sequence: Int, only: [String]? = nil
  ) throws {
    guard let head = chain.snapshot(sequence) else {
      throw ApplianceError(
        .backupRepository, "there is no snapshot \(sequence)", hint: "kafclaw backup list")
    }
    manifest = try repository.manifest(head)
    // Later snapshots may have stored again what was lost.
    let index = try repository.chunks(chain).index
    reader = ChunkReader(
      repository.storage, try ChunkCipher(repository.id, repository.keys), index)
    wanted = try Self.files(manifest, only)
  }

  private static func files(
    _ manifest: BackupManifest, _ only: [String]?
  ) throws -> [BackupManifest.File] {
    guard let only else { return manifest.files }
    let wanted = manifest.files.filter { file in
      only.contains { file.path == $0 || file.path.utf8.starts(with: ($0 + "/").utf8) }
    }
    guard !wanted.isEmpty else {
      throw ApplianceError(
        .backupRepository,
        "snapshot \(manifest.sequence) has nothing named "
          + only.map { "\"\(VisibleText.escape($0))\"" }.joined(separator: ", "),
        hint: "kafclaw backup show lists it")
    }
    return wanted
  }

  /// Writes the files below `target`, which must not exist. They are gathered beside it, verified
  /// there, and get its name last.
  ///
  /// - Parameter place: Where a path of the snapshot lies below the target.
  /// - Returns: What was restored.
  /// - Throws: `backup.damaged` with the file that cannot be had; `target` is absent then.
  public func write(
    to target: String, place: (String) -> String = { $0 },
    progress: (_ files: Int, _ bytes: Int) -> Void = { _, _ in }
  ) throws -> BackupManifest {
    try RestoreFolder.fill(target) { staging in
      for folder in manifest.folders where wanted.count == manifest.files.count {
        try PrivateFolder.create(staging + "/" + place(try Self.safe(folder)))
      }
      var bytes = 0
      for (index, file) in wanted.enumerated() {
        try restore(file, to: staging + "/" + place(try Self.safe(file.path)))
        bytes += file.size
        progress(index + 1, bytes)
      }
    }
    return manifest
  }

  /// Reads again what ``write(to:place:progress:)`` made, and compares every piece with the name of
  /// its chunk.
  ///
  /// - Returns: Chunks that were compared.
  /// - Throws: `backup.damaged` with the file that is another.
  public func compare(_ target: String, place: (String) -> String = { $0 }) throws -> Int {
    let storage = FolderStorage(path: target)
    var count = 0
    for file in wanted {
      let name = place(try Self.safe(file.path))
      var start = 0
      for text in file.chunks {
        guard let id = HashValue(hexadecimal: text), let length = reader.length(of: id) else {
          throw ApplianceError(.backupDamaged, "\(file.path) names a chunk that cannot be")
        }
        let piece = try storage.read(name, start..<start + length)
        guard piece.withUnsafeBytes({ reader.id(of: $0) }) == id else {
          throw ApplianceError(
            .backupDamaged, "\(file.path), byte \(start): it is not what was backed up")
        }
        start += length
        count += 1
      }
      guard try storage.file(name)?.size == file.size else {
        throw ApplianceError(.backupDamaged, "\(file.path) has another size")
      }
    }
    return count
  }

  /// Files that are restored.
  public var files: Int { wanted.count }

  /// Of the files that are restored.
  public var chunks: Int { wanted.reduce(0) { $0 + $1.chunks.count } }

  private func restore(
    _ file: BackupManifest.File, to path: String
  ) throws {
    guard let mode = mode_t(file.mode, radix: 8) else {
      throw ApplianceError(.backupDamaged, "\(file.path) has no mode")
    }
    try PrivateFolder.create(DurableFile.parentFolder(of: path))
    let written = try Descriptor(opening: path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
    try read(file) { try written.write($0, to: path) }
    // What is the appliance's is its user's alone.
    guard fchmod(written.number, mode & 0o700) == 0 else {
      throw ApplianceError.system("chmod", path)
    }
    try written.synchronize(path)
  }

  private func read(
    _ file: BackupManifest.File, _ body: ([UInt8]) throws -> Void
  ) throws {
    var size = 0
    for text in file.chunks {
      guard let id = HashValue(hexadecimal: text) else {
        throw ApplianceError(.backupDamaged, "\(file.path) names a chunk that cannot be")
      }
      let content = try reader.read(id)
      size += content.count
      try body(content)
    }
    guard size == file.size else {
      throw ApplianceError(.backupDamaged, "\(file.path) is not what was backed up")
    }
  }

  /// A path that stays below the folder it is put into.
  static func safe(_ path: String) throws -> String {
    let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isPlain = parts.allSatisfy { part in
      !part.isEmpty && part.count <= 255 && !part.elementsEqual(".".utf8)
        && !part.elementsEqual("..".utf8)
    }
    let root = parts.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
    guard isPlain, path.utf8.count <= 4_096, !path.utf8.contains(0),
      BackupManifest.roots.contains(root)
    else {
      throw ApplianceError(
        .backupDamaged, "\"\(VisibleText.escape(path))\" is no path of a snapshot")
    }
    return path
  }
}
