// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO

/// Puts back files of which the copy is whole, and copies of which the file is.
struct RepositoryMend {
  private let repository: BackupRepository
  /// What was put back.
  private(set) var mended: [String] = []

  init(_ repository: BackupRepository) { self.repository = repository }

  /// - Parameter files: Heads, indexes or copies of them that are gone or changed while their
  ///   counterpart is whole.
  mutating func run(_ files: [String]) throws {
    let storage = repository.storage
    for file in files {
      let bytes = try storage.read(
        RepositoryFormat.counterpart(of: file), limit: RepositoryFormat.recordLimit)
      // A file never changes: what is wrong goes, and the right one comes under its name.
      if try storage.file(file) != nil { try storage.remove(file) }
      try storage.add(file, bytes)
      mended.append(file)
    }
  }
}
