// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import SodiumCrypto

/// Puts back files of which the copy is whole, and copies of which the file is.
enum RepositoryMend {
  struct Item {
    let file: String
    /// SHA-256, hexadecimal.
    let hash: String
  }

  /// - Parameter items: Heads, indexes or copies of them that are gone or changed while their
  ///   counterpart is whole.
  /// - Throws: `backup.storage`. What may not be replaced stays as it is.
  static func run(_ items: [Item], in storage: any BackupStorage) throws {
    for item in items {
      let bytes = try storage.read(
        RepositoryFormat.counterpart(of: item.file), limit: RepositoryFormat.recordLimit)
      guard ContentHash.of(bytes).hexadecimal == item.hash else { continue }
      // A file never changes: what is wrong goes, and the right one comes under its name.
      if try storage.file(item.file) != nil {
        do { try storage.remove(item.file) } catch { continue }
      }
      try storage.add(item.file, bytes)
    }
  }
}
