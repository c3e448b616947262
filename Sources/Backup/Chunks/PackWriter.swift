// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import SodiumCrypto

/// Gathers sealed chunks into packs, and stores each pack once it is large enough. What was stored is
/// read back before anything refers to it.
struct PackWriter {
  private let storage: any BackupStorage
  private var bytes: [UInt8] = []
  private var chunks: [ChunkPlace] = []
  private(set) var packs: [PackIndex.Pack] = []
  /// Of the files of packs. Bytes.
  private(set) var stored = 0

  init(_ storage: any BackupStorage) {
    self.storage = storage
    // All that a pack can get to have: growing would double it.
    bytes.reserveCapacity(
      RepositoryFormat.packLength + RepositoryFormat.chunkLength + RepositoryFormat.chunkOverhead
        + RepositoryFormat.padding)
  }

  /// - Parameter generation: Of a delta, at least one.
  mutating func add(
    _ sealed: [UInt8], id: HashValue, length: Int, base: HashValue?, generation: Int
  ) throws {
    chunks.append(
      ChunkPlace(
        id: id.hexadecimal, offset: bytes.count, size: sealed.count, length: length,
        base: base?.hexadecimal, generation: base == nil ? nil : generation))
    bytes += sealed
    if bytes.count >= RepositoryFormat.packLength { try flush() }
  }

  /// Stores what is gathered so far.
  mutating func flush() throws {
    guard !chunks.isEmpty else { return }
    let rest = bytes.count % RepositoryFormat.padding
    if rest > 0 { bytes += [UInt8](repeating: 0, count: RepositoryFormat.padding - rest) }
    let name = ContentHash.of(bytes)
    let file = RepositoryFormat.pack(name)
    do { try storage.add(file, bytes) } catch let error as ApplianceError
      where error.code == .backupExists
    {
      // Its name is that of its content: an interrupted run stored the same, or what is there is
      // damaged and goes.
      do { try requireStored(file) } catch let error as ApplianceError
        where error.code != .backupStorage
      {
        try storage.remove(file)
        try storage.add(file, bytes)
      }
    }
    try requireStored(file)
    packs.append(PackIndex.Pack(name: name.hexadecimal, size: bytes.count, chunks: chunks))
    stored += bytes.count
    bytes.removeAll(keepingCapacity: true)
    chunks = []
  }

  /// Reads a pack again, a piece at a time. What is in it was opened when it was sealed.
  private func requireStored(_ name: String) throws {
    let piece = storage.isRemote ? bytes.count : 1 << 20
    for start in stride(from: 0, to: bytes.count, by: piece) {
      let range = start..<min(bytes.count, start + piece)
      let isSame = try storage.read(name, range).withUnsafeBytes { stored in
        bytes.withUnsafeBytes { stored.isEqual(to: UnsafeRawBufferPointer(rebasing: $0[range])) }
      }
      guard isSame else { throw Self.unequal(name) }
    }
    guard try storage.file(name)?.size == bytes.count else { throw Self.unequal(name) }
  }

  private static func unequal(_ name: String) -> ApplianceError {
    ApplianceError(
      .backupFailed, "\"\(name)\" does not hold what was written there",
      hint: "the disk or the file system of the repository is faulty")
  }
}
