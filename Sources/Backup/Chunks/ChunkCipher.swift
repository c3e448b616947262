// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc
import SodiumCrypto

/// Another chunk, to which a delta refers.
struct ChunkBase {
  let id: HashValue
  let content: [UInt8]
}

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

  /// What was sealed is opened again: it leads back to the content, or nothing is stored.
  func seal(
    _ content: UnsafeRawBufferPointer, id: HashValue, base: ChunkBase? = nil
  ) throws -> [UInt8] {
    let frame = try zstandard.compress(content, base: base?.content)
    let context = context(id, content.count, base?.id)
    let sealed = frame.withUnsafeBytes {
      SealedBytes.seal($0, key: keys.data, context: context)
    }
    let opened = try sealed.withUnsafeBytes {
      try open($0, id: id, length: content.count, base: base, isChecked: false)
    }
    guard opened.withUnsafeBytes({ $0.isEqual(to: content) }) else {
      throw ApplianceError(
        .backupFailed, "a chunk does not come back as it was", hint: "the memory may be faulty")
    }
    return sealed
  }

  /// - Parameters:
  ///   - length: Of the content, as the index says.
  ///   - isChecked: Whether the content is compared with its id too. What is sealed under this id is
  ///     authentic without that.
  /// - Throws: `backup.damaged` for anything but the content that has this id.
  func open(
    _ sealed: UnsafeRawBufferPointer, id: HashValue, length: Int, base: ChunkBase? = nil,
    isChecked: Bool = true
  ) throws -> [UInt8] {
    guard (0...RepositoryFormat.chunkLength).contains(length) else {
      throw ApplianceError(.backupDamaged, "a chunk of \(length) bytes")
    }
    let frame: [UInt8]
    do {
      frame = try SealedBytes.openContent(
        sealed, key: keys.data, context: context(id, length, base?.id))
    } catch {
      throw ApplianceError(.backupDamaged, "chunk \(id.hexadecimal.prefix(12)) is not authentic")
    }
    let content = try zstandard.decompress(frame, length: length, base: base?.content)
    guard !isChecked || content.withUnsafeBytes({ self.id(of: $0) }) == id else {
      throw ApplianceError(.backupDamaged, "chunk \(id.hexadecimal.prefix(12)) has other content")
    }
    return content
  }

  /// Format, repository, id of the chunk, that of its base and its length are bound.
  private func context(_ id: HashValue, _ length: Int, _ base: HashValue?) -> [UInt8] {
    repository.context(
      "chunk",
      id.bytes + (base?.bytes ?? [UInt8](repeating: 0, count: HashValue.count))
        + BigEndian.bytes(UInt32(clamping: length)))
  }
}

extension UnsafeRawBufferPointer {
  /// The same bytes.
  func isEqual(to other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    guard let start = baseAddress, let otherStart = other.baseAddress else { return count == 0 }
    return memcmp(start, otherStart, count) == 0
  }
}
