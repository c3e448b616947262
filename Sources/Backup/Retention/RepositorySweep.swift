// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import SodiumCrypto

/// Removes files of a repository that nothing has referred to for longer than the grace.
struct RepositorySweep {
  private let repository: BackupRepository
  private let chain: HeadChain
  private let now: Date
  private(set) var removed = 0
  private(set) var removedBytes = 0

  init(_ repository: BackupRepository, _ chain: HeadChain, now: Date) {
    (self.repository, self.chain, self.now) = (repository, chain, now)
  }

  /// Since a head with a complete index that is older than the grace, only it and later ones refer to
  /// anything: what was there before it and is in none of them has had no reader since.
  mutating func run() throws {
    let latest = now.addingTimeInterval(-RepositoryPrune.grace)
    guard
      let since = chain.heads.last(where: {
        $0.isComplete && $0.time <= latest
      })
    else { return }
    let later = chain.heads.filter { $0.sequence >= since.sequence }
    let needed = try names(later, since)
    for folder in ["packs", "index", "copies/index", "snapshots", "tmp"] {
      for file in try repository.storage.files(in: folder)
      where file.time < since.time && !needed.contains(file.name) {
        try repository.storage.remove(file.name)
        removed += 1
        removedBytes += file.size
      }
    }
  }

  /// Every file that some view of the repository since then needs.
  private func names(_ later: [BackupHead], _ since: BackupHead) throws -> Set<String> {
    var names: Set<String> = []
    for head in later {
      let index = RepositoryFormat.index(head.sequence, head.index)
      names.formUnion([index, RepositoryFormat.copy(index)])
      for pack in try repository.index(head).packs {
        if let name = HashValue(hexadecimal: pack.name) {
          names.insert(RepositoryFormat.pack(name))
        }
      }
    }
    let forgotten = Set(
      chain.heads.filter { $0.sequence <= since.sequence }.flatMap(\.forgotten))
    for head in chain.heads where !forgotten.contains(head.sequence) {
      if let manifest = head.manifest {
        names.insert(RepositoryFormat.manifest(head.sequence, manifest))
      }
    }
    return names
  }
}
