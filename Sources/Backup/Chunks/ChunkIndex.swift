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
    /// What it is a delta to.
    let base: HashValue?
    /// How many versions of its place in a file there were since one that is no delta.
    let generation: Int
  }

  struct Pack {
    let name: HashValue
    let size: Int
  }

  private(set) var packs: [Pack] = []
  private(set) var places: [HashValue: Place] = [:]
  private var names: Set<HashValue> = []

  func contains(_ id: HashValue) -> Bool { places[id] != nil }

  /// Forgets what lies in packs that cannot be read, and what refers to that: it is to be stored
  /// again.
  mutating func forget(_ isLost: (Pack) throws -> Bool) rethrows {
    let lost = Set(try packs.indices.filter { try isLost(packs[$0]) })
    guard !lost.isEmpty else { return }
    places = places.filter { !lost.contains($0.value.pack) }
    var count = -1
    while count != places.count {
      count = places.count
      let known = places
      places = places.filter { place in place.value.base.map { known[$0] != nil } ?? true }
    }
  }

  /// A chunk and everything that it refers to.
  ///
  /// - Throws: `backup.damaged` for a chunk that is in no pack, and for too long a way.
  func chain(_ id: HashValue) throws -> [HashValue] {
    var chain: [HashValue] = []
    var next: HashValue? = id
    while let id = next {
      guard let place = places[id] else {
        throw ApplianceError(
          .backupDamaged, "chunk \(id.hexadecimal.prefix(12)) is in no pack that is known")
      }
      chain.append(id)
      guard chain.count <= RepositoryFormat.depthLimit else {
        throw ApplianceError(
          .backupDamaged,
          "chunk \(id.hexadecimal.prefix(12)) refers to more than "
            + "\(RepositoryFormat.depthLimit - 1) others")
      }
      next = place.base
    }
    return chain
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
      packs.append(Pack(name: name, size: pack.size))
      for chunk in pack.chunks { try add(chunk, in: pack, sequence) }
    }
  }

  private mutating func add(
    _ chunk: ChunkPlace, in pack: PackIndex.Pack, _ sequence: Int
  ) throws {
    let most = RepositoryFormat.chunkLength + RepositoryFormat.chunkOverhead
    let base = chunk.base.flatMap { HashValue(hexadecimal: $0) }
    let generation = chunk.generation ?? 0
    guard let id = HashValue(hexadecimal: chunk.id), (1...most).contains(chunk.size),
      (0...RepositoryFormat.packLimit).contains(chunk.offset),
      chunk.offset + chunk.size <= pack.size,
      (0...RepositoryFormat.chunkLength).contains(chunk.length),
      (chunk.base == nil) == (base == nil), (base == nil) == (generation == 0),
      (0..<RepositoryFormat.generationLimit).contains(generation)
    else {
      throw ApplianceError(.backupDamaged, "index \(sequence) places a chunk where none can be")
    }
    // The last place counts: a chunk is stored again when its pack was lost.
    places[id] = Place(
      pack: packs.count - 1, offset: chunk.offset, size: chunk.size, length: chunk.length,
      base: base, generation: generation)
  }
}
