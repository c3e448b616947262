// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import SodiumCrypto

/// Stores content that the repository does not have yet: as what is different from an earlier version
/// where that is little, else whole.
///
/// A version does not refer to the one before but to the one whose number has the lowest bits of its
/// own cleared: version *n* to *n* & (*n* − 1). So no version is more than six steps from one that is
/// whole, and few stand between any two.
struct ChunkStore {
  /// A delta that is larger than this share of what it refers to is not worth its steps. Percent.
  private static let worth = 40

  private let cipher: ChunkCipher
  private let reader: ChunkReader
  private var writer: PackWriter
  private var written: Set<HashValue> = []

  init(_ repository: BackupRepository, _ index: ChunkIndex) throws {
    cipher = try ChunkCipher(repository.id, repository.keys)
    reader = ChunkReader(repository.storage, cipher, index)
    writer = PackWriter(repository.storage)
  }

  /// Packs that were stored so far.
  var packs: [PackIndex.Pack] { writer.packs }
  /// Bytes of these.
  var stored: Int { writer.stored }

  mutating func flush() throws { try writer.flush() }

  /// - Parameter earlier: What was at the same place of the same file before.
  /// - Returns: The name of the chunk.
  mutating func store(
    _ content: UnsafeRawBufferPointer, after earlier: HashValue? = nil
  ) throws -> HashValue {
    let id = cipher.id(of: content)
    guard !reader.index.contains(id), written.insert(id).inserted else { return id }
    if let earlier, let delta = try delta(content, id, after: earlier) {
      try writer.add(
        delta.sealed, id: id, length: content.count, base: delta.base,
        generation: delta.generation)
    } else {
      try writer.add(
        try cipher.seal(content, id: id), id: id, length: content.count, base: nil, generation: 0)
    }
    return id
  }

  /// - Returns: `nil` where content is better stored whole.
  private func delta(
    _ content: UnsafeRawBufferPointer, _ id: HashValue, after earlier: HashValue
  ) throws -> (sealed: [UInt8], base: HashValue, generation: Int)? {
    guard let place = reader.index.places[earlier],
      let base = base(after: earlier, place.generation)
    else { return nil }
    let generation = place.generation + 1
    guard generation < RepositoryFormat.generationLimit else { return nil }
    let found: ChunkBase
    do { found = try reader.base(base) } catch let error as ApplianceError
      where error.code == .backupDamaged
    {
      // What is damaged is for checks to tell; here it is no base.
      return nil
    }
    let sealed = try cipher.seal(content, id: id, base: found)
    return sealed.count * 100 <= found.content.count * Self.worth
      ? (sealed, base, generation) : nil
  }

  /// - Returns: The version whose number is that of the next one with its lowest set bit cleared. It
  ///   is reached from the last one by as many steps as that has set bits at its end.
  private func base(after earlier: HashValue, _ generation: Int) -> HashValue? {
    var base: HashValue? = earlier
    for _ in 0..<(~generation).trailingZeroBitCount {
      base = base.flatMap { reader.index.places[$0]?.base }
    }
    return base
  }
}
