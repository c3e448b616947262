// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import SodiumCrypto

/// Reads chunks of a repository, and what they refer to.
final class ChunkReader {
  private let packs: PackReader
  private let cipher: ChunkCipher
  var index: ChunkIndex

  init(_ storage: any BackupStorage, _ cipher: ChunkCipher, _ index: ChunkIndex) {
    (packs, self.cipher, self.index) = (PackReader(storage), cipher, index)
  }

  /// - Throws: `backup.damaged`, with the file that is.
  func read(_ id: HashValue) throws -> [UInt8] { try read(id, isChecked: true) }

  func id(of content: UnsafeRawBufferPointer) -> HashValue { cipher.id(of: content) }

  /// Of the content of a chunk. Bytes; `nil` of an unknown one.
  func length(of id: HashValue) -> Int? { index.places[id]?.length }

  /// A chunk that another one refers to.
  func base(_ id: HashValue) throws -> ChunkBase {
    ChunkBase(id: id, content: try read(id, isChecked: false))
  }

  private func read(_ id: HashValue, isChecked: Bool) throws -> [UInt8] {
    var base: ChunkBase?
    for link in try index.chain(id).reversed() {
      let content = try open(link, base: base, isChecked: isChecked && link == id)
      base = ChunkBase(id: link, content: content)
    }
    return base?.content ?? []
  }

  /// Opens one chunk.
  ///
  /// - Parameter base: What it refers to.
  func open(_ id: HashValue, base: ChunkBase?, isChecked: Bool = true) throws -> [UInt8] {
    guard let place = index.places[id] else { return [] }
    let pack = index.packs[place.pack]
    do {
      let sealed = try packs.read(pack, place.offset..<place.offset + place.size)
      return try sealed.withUnsafeBytes {
        try cipher.open($0, id: id, length: place.length, base: base, isChecked: isChecked)
      }
    } catch let error as ApplianceError where error.code == .backupStorage {
      throw error
    } catch {
      throw ApplianceError(
        .backupDamaged,
        "\(RepositoryFormat.pack(pack.name)), byte \(place.offset): "
          + ApplianceError.of(error).message)
    }
  }
}

/// Parts of packs. Those of remote storage are had whole, and the last few kept.
final class PackReader {
  /// Packs that are kept.
  private static let kept = 2

  private let storage: any BackupStorage
  private var recent: [(name: HashValue, bytes: [UInt8])] = []

  init(_ storage: any BackupStorage) { self.storage = storage }

  func read(_ pack: ChunkIndex.Pack, _ range: Range<Int>) throws -> [UInt8] {
    let name = RepositoryFormat.pack(pack.name)
    guard storage.isRemote else { return try storage.read(name, range) }
    if recent.first?.name != pack.name {
      let bytes = try whole(pack, name)
      recent.removeAll { $0.name == pack.name }
      recent.insert((pack.name, bytes), at: 0)
      if recent.count > Self.kept { recent.removeLast() }
    }
    guard let bytes = recent.first?.bytes, range.upperBound <= bytes.count else {
      throw ApplianceError(.backupDamaged, "the file is too short")
    }
    return Array(bytes[range])
  }

  private func whole(_ pack: ChunkIndex.Pack, _ name: String) throws -> [UInt8] {
    if let known = recent.first(where: { $0.name == pack.name }) { return known.bytes }
    return try storage.read(name, limit: RepositoryFormat.packLimit)
  }
}
