// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import SodiumCrypto

/// Puts back files of which the copy is whole, and copies of which the file is.
struct RepositoryMend {
  struct Item {
    let file: String
    /// SHA-256, hexadecimal.
    let hash: String
  }

  private let repository: BackupRepository
  /// What was put back.
  private(set) var mended: [String] = []

  init(_ repository: BackupRepository) { self.repository = repository }

  /// - Parameter items: Heads, indexes or copies of them that are gone or changed while their
  ///   counterpart is whole.
  /// - Throws: `backup.storage`. What may not be replaced stays as it is.
  mutating func run(_ items: [Item]) throws {
    let storage = repository.storage
    for item in items {
      let bytes = try storage.read(
        RepositoryFormat.counterpart(of: item.file), limit: RepositoryFormat.recordLimit)
      guard ContentHash.of(bytes).hexadecimal == item.hash else { continue }
      // A file never changes: what is wrong goes, and the right one comes under its name.
      if try storage.file(item.file) != nil {
        do { try storage.remove(item.file) } catch { continue }
      }
      try storage.add(item.file, bytes)
      mended.append(item.file)
    }
  }
}
