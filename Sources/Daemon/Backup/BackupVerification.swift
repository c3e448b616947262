// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import Backup
public import DesiredState
import DurableIO
import Foundation
import SodiumCrypto

/// Looks at a repository, as deeply as is wanted.
public struct BackupVerification: Sendable, Encodable {
  public let formatVersion = 1
  public let level: String
  public let repository: RepositoryReport
  /// What came back of the newest snapshot; nothing at levels that restore nothing.
  public let restored: [DrillEvidence.Check]

  /// An empty repository passes no check.
  public var isRight: Bool {
    repository.isIntact && repository.snapshots > 0 && restored.allSatisfy(\.isRight)
      && (level != BackupLevel.restore.rawValue || !restored.isEmpty)
  }

  /// One line for people.
  public var words: String {
    if repository.snapshots == 0 { return "there is no snapshot" }
    if let damage = repository.damages.first {
      let more = repository.damages.count - 1
      return "\(damage.file): \(damage.problem)" + (more > 0 ? ", and \(more) more" : "")
    }
    if level == BackupLevel.restore.rawValue, restored.isEmpty {
      return "there was nothing in the snapshot to look at"
    }
    if let wrong = restored.first(where: { !$0.isRight }) {
      return "\(wrong.name): expected \(wrong.expected), found \(wrong.found)"
    }
    return "\(repository.snapshots) snapshots, \(repository.chunks) chunks"
  }

  /// - Parameters:
  ///   - known: The newest head that is known elsewhere.
  ///   - scratch: An existing folder in which a snapshot may be restored for a while.
  /// - Throws: `backup.rewound`, and what keeps the repository from being looked at.
  public static func run(
    _ repository: BackupRepository, level: BackupLevel, known: KnownHead?, scratch: String,
    progress: (_ packs: Int, _ of: Int) -> Void = { _, _ in }
  ) throws -> BackupVerification {
    let report = try RepositoryCheck.run(
      repository, level: level == .manifest ? .manifest : .data, known: known, progress: progress)
    var restored: [DrillEvidence.Check] = []
    if level == .restore, report.isIntact, report.snapshots > 0 {
      restored = try restore(repository, scratch)
    }
    return BackupVerification(level: level.rawValue, repository: report, restored: restored)
  }

  private static func restore(
    _ repository: BackupRepository, _ scratch: String
  ) throws -> [DrillEvidence.Check] {
    let own = try ScratchFolder(in: scratch, for: .verify)
    defer { own.remove() }
    let folder = own.path
    let chain = try repository.heads()
    let manifest = try SnapshotRestore(
      repository, chain, sequence: try chain.latest().sequence
    ).write(to: folder + "/home", place: HostContents.place)
    return RestoredCheck.run(manifest, .user(home: folder + "/home"))
  }
}
