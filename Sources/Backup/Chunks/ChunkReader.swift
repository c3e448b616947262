// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc
import SodiumCrypto

/// Reads chunks of a repository, one pack open at a time.
final class ChunkReader {
  private let folder: RepositoryFolder
  private let cipher: ChunkCipher
  private let index: ChunkIndex
  private var pack = -1
  private var file = Descriptor(owning: -1)

  init(_ folder: RepositoryFolder, _ cipher: ChunkCipher, _ index: ChunkIndex) {
    (self.folder, self.cipher, self.index) = (folder, cipher, index)
  }

  /// - Throws: `backup.damaged`, with the file that is.
  func read(_ id: HashValue) throws -> [UInt8] {
    guard let place = index.places[id] else {
      throw ApplianceError(
        .backupDamaged, "chunk \(id.hexadecimal.prefix(12)) is in no pack that is known")
    }
    let name = RepositoryFormat.pack(index.packs[place.pack].name)
    do {
      if place.pack != pack {
        file = try folder.open(name)
        pack = place.pack
      }
      return try read(place, id)
    } catch {
      throw ApplianceError(
        .backupDamaged, "\(name), byte \(place.offset): \(ApplianceError.of(error).message)")
    }
  }

  private func read(_ place: ChunkIndex.Place, _ id: HashValue) throws -> [UInt8] {
    let sealed = try file.read(place.size, at: place.offset)
    return try sealed.withUnsafeBytes { try cipher.open($0, id: id, length: place.length) }
  }
}
