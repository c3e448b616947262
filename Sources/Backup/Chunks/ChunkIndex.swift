// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import SodiumCrypto

/// Where every chunk of a repository lies.
struct ChunkIndex {
  struct Place {
    /// Number of its pack.
    let pack: Int
    let offset: Int
    let size: Int
    let length: Int
  }

  struct Pack {
    let name: HashValue
    let size: Int
    /// The snapshot that brought it.
    let sequence: Int
  }

  private(set) var packs: [Pack] = []
  private(set) var places: [HashValue: Place] = [:]
  private var names: Set<HashValue> = []

  func contains(_ id: HashValue) -> Bool { places[id] != nil }

  /// Forgets what lies in packs that cannot be read: it is to be stored again.
  mutating func forget(_ isLost: (Pack) -> Bool) {
    let lost = Set(packs.indices.filter { isLost(packs[$0]) })
    if !lost.isEmpty { places = places.filter { !lost.contains($0.value.pack) } }
  }

  /// Takes what an index says; nothing of it is believed that cannot be.
  ///
  /// - Throws: `backup.damaged`.
  mutating func add(_ index: PackIndex, sequence: Int) throws {
    for pack in index.packs {
      guard let name = HashValue(hexadecimal: pack.name),
        (1...RepositoryFormat.packLimit).contains(pack.size), names.insert(name).inserted
      else {
        throw ApplianceError(.backupDamaged, "index \(sequence) names a pack that cannot be")
      }
      packs.append(Pack(name: name, size: pack.size, sequence: sequence))
      for chunk in pack.chunks { try add(chunk, in: pack, sequence) }
    }
  }

  private mutating func add(
    _ chunk: ChunkPlace, in pack: PackIndex.Pack, _ sequence: Int
  ) throws {
    let most = RepositoryFormat.chunkLength + RepositoryFormat.chunkOverhead
    guard let id = HashValue(hexadecimal: chunk.id), (1...most).contains(chunk.size),
      (0...RepositoryFormat.packLimit).contains(chunk.offset),
      chunk.offset + chunk.size <= pack.size,
      (0...RepositoryFormat.chunkLength).contains(chunk.length)
    else {
      throw ApplianceError(.backupDamaged, "index \(sequence) places a chunk where none can be")
    }
    // The last place counts: a chunk is stored again when its pack was lost.
    places[id] = Place(
      pack: packs.count - 1, offset: chunk.offset, size: chunk.size, length: chunk.length)
  }
}
