// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import SodiumCrypto

/// Which packs are still needed, and which are written anew without what is not.
struct PackCompaction {
  private let repository: BackupRepository
  private let index: ChunkIndex
  /// By pack, the chunks of it that are needed.
  private var needed: [Int: [(id: HashValue, place: ChunkIndex.Place)]] = [:]
  private var kept: [PackIndex.Pack] = []
  private var sparse: [Int] = []
  private var written: [PackIndex.Pack] = []
  /// Bytes of packs that are needed no longer.
  private(set) var released = 0
  /// Bytes of chunks that move to other packs.
  private(set) var rewritten = 0

  /// - Parameters:
  ///   - live: Chunks that are needed.
  ///   - worth: The share up to which a pack is written anew. Percent.
  init(
    _ repository: BackupRepository, _ index: ChunkIndex, _ live: Set<HashValue>, worth: Int
  ) {
    (self.repository, self.index) = (repository, index)
    for id in live {
      if let place = index.places[id] { needed[place.pack, default: []].append((id, place)) }
    }
    for (number, pack) in index.packs.enumerated() {
      let chunks = (needed[number] ?? []).sorted { $0.place.offset < $1.place.offset }
      needed[number] = chunks
      let size = chunks.reduce(0) { $0 + $1.place.size }
      // What is written anew is padded too: it has to be a step smaller to be worth it.
      let steps = (size + RepositoryFormat.padding - 1) / RepositoryFormat.padding
      let isSmaller = steps * RepositoryFormat.padding < pack.size
      if size == 0 || (isSmaller && size * 100 <= pack.size * worth) {
        released += pack.size
        rewritten += size
        if size > 0 { sparse.append(number) }
      } else {
        kept.append(
          PackIndex.Pack(
            name: pack.name.hexadecimal, size: pack.size, chunks: chunks.map(Self.chunk)))
      }
    }
  }

  /// What is needed, and where it is.
  var result: PackIndex { PackIndex(packs: kept + written) }

  /// Writes what is needed of packs that go.
  ///
  /// - Throws: `backup.damaged` when one of these is not what it was.
  mutating func write() throws {
    var writer = PackWriter(repository.storage)
    for number in sparse {
      let pack = index.packs[number]
      let name = RepositoryFormat.pack(pack.name)
      let bytes = try repository.storage.read(name, limit: RepositoryFormat.packLimit)
      guard ContentHash.of(bytes) == pack.name, bytes.count == pack.size else {
        throw ApplianceError(
          .backupDamaged, "\(name) was changed", hint: "kafclaw backup verify tells what is damaged"
        )
      }
      for (id, place) in needed[number] ?? [] {
        try writer.add(
          Array(bytes[place.offset..<place.offset + place.size]), id: id, length: place.length,
          base: place.base, generation: place.generation)
      }
    }
    try writer.flush()
    written = writer.packs
  }

  private static func chunk(_ chunk: (id: HashValue, place: ChunkIndex.Place)) -> ChunkPlace {
    ChunkPlace(
      id: chunk.id.hexadecimal, offset: chunk.place.offset, size: chunk.place.size,
      length: chunk.place.length, base: chunk.place.base?.hexadecimal,
      generation: chunk.place.base == nil ? nil : chunk.place.generation)
  }
}
