// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc
import SodiumCrypto

/// Gathers new chunks into packs, and stores each pack once it is large enough. What was stored is
/// read back before anything refers to it.
struct PackWriter {
  private let folder: RepositoryFolder
  private let cipher: ChunkCipher
  private var bytes: [UInt8] = []
  private var chunks: [ChunkPlace] = []
  private(set) var packs: [PackIndex.Pack] = []
  /// Of the files of packs. Bytes.
  private(set) var stored = 0

  init(_ folder: RepositoryFolder, _ cipher: ChunkCipher) {
    (self.folder, self.cipher) = (folder, cipher)
    bytes.reserveCapacity(RepositoryFormat.packLength + RepositoryFormat.chunkLength)
  }

  mutating func add(_ content: UnsafeRawBufferPointer, id: HashValue) throws {
    let sealed = try cipher.seal(content, id: id)
    chunks.append(
      ChunkPlace(
        id: id.hexadecimal, offset: bytes.count, size: sealed.count, length: content.count))
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
    try folder.add(file, bytes)
    try requireStored(file, name)
    packs.append(PackIndex.Pack(name: name.hexadecimal, size: bytes.count, chunks: chunks))
    stored += bytes.count
    bytes.removeAll(keepingCapacity: true)
    chunks = []
  }

  /// Reads a pack again from the disk, chunk by chunk.
  private func requireStored(_ name: String, _ expected: HashValue) throws {
    let file = try folder.open(name)
    let hash = ContentHash()
    var end = 0
    for chunk in chunks {
      guard let id = HashValue(hexadecimal: chunk.id) else { continue }
      let sealed = try file.read(chunk.size, at: chunk.offset)
      try sealed.withUnsafeBytes { _ = try cipher.open($0, id: id, length: chunk.length) }
      hash.update(sealed)
      end = chunk.offset + chunk.size
    }
    hash.update(try file.read(bytes.count - end, at: end))
    guard hash.value() == expected, folder.size(name) == bytes.count else {
      throw ApplianceError(
        .backupFailed, "\"\(name)\" does not hold what was written there",
        hint: "the disk or the file system of the repository is faulty")
    }
  }
}

extension Descriptor {
  /// So many bytes from a place on.
  ///
  /// - Throws: `backup.damaged` when there are fewer.
  func read(_ size: Int, at offset: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: size) { target, count in
      while count < size {
        let read = pread(
          number, target.baseAddress.map { $0 + count }, size - count, off_t(offset + count))
        if read < 0 && errno == EINTR { continue }
        guard read > 0 else { throw ApplianceError(.backupDamaged, "the file is too short") }
        count += read
      }
    }
  }
}
