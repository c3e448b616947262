// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import SodiumCrypto

/// Chunks between content and what a pack holds: named by a keyed hash of their content, compressed,
/// sealed. One object serves one task at a time.
final class ChunkCipher {
  private let repository: RepositoryID
  private let keys: RepositoryKeys
  private let zstandard: Zstandard

  init(_ repository: RepositoryID, _ keys: RepositoryKeys) throws {
    (self.repository, self.keys) = (repository, keys)
    zstandard = try Zstandard()
  }

  func id(of content: UnsafeRawBufferPointer) -> HashValue {
    let hash = ContentHash(key: keys.ids)
    hash.update(content)
    return hash.value()
  }

  func seal(_ content: UnsafeRawBufferPointer, id: HashValue) throws -> [UInt8] {
    let frame = try zstandard.compress(content)
    return frame.withUnsafeBytes {
      SealedBytes.seal($0, key: keys.data, context: context(id, content.count))
    }
  }

  /// - Parameter length: Of the content, as the index says.
  /// - Throws: `backup.damaged` for anything but the content that has this id.
  func open(_ sealed: UnsafeRawBufferPointer, id: HashValue, length: Int) throws -> [UInt8] {
    guard (0...RepositoryFormat.chunkLength).contains(length) else {
      throw ApplianceError(.backupDamaged, "a chunk of \(length) bytes")
    }
    let frame: [UInt8]
    do {
      frame = try SealedBytes.openContent(
        sealed, key: keys.data, context: context(id, length))
    } catch {
      throw ApplianceError(.backupDamaged, "chunk \(id.hexadecimal.prefix(12)) is not authentic")
    }
    let content = try zstandard.decompress(frame, length: length)
    guard content.withUnsafeBytes({ self.id(of: $0) }) == id else {
      throw ApplianceError(.backupDamaged, "chunk \(id.hexadecimal.prefix(12)) has other content")
    }
    return content
  }

  /// Format, repository, id of the chunk and its length are bound; so is the base of a delta, of
  /// which there is none.
  private func context(_ id: HashValue, _ length: Int) -> [UInt8] {
    repository.context(
      "chunk",
      id.bytes + [UInt8](repeating: 0, count: HashValue.count)
        + BigEndian.bytes(UInt32(clamping: length)))
  }
}
