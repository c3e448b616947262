// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials
public import SodiumCrypto

/// What a prune did, or would do.
public struct PruneReport: Sendable, Codable, Equatable {
  public let decisions: [RetentionDecision]
  /// Why nothing is forgotten although the rule would.
  public let frozen: String?
  /// Bytes of packs that nothing refers to any more; they go once the grace is over.
  public let released: Int
  /// Bytes of what lay among them and was stored again.
  public let rewritten: Int
  /// Files that were removed now.
  public let removed: Int
  /// Bytes of these.
  public let removedBytes: Int
  public let head: KnownHead?

  public var forgotten: [Int] { decisions.filter { !$0.isKept }.map(\.sequence) }
}

/// Forgets snapshots, and gives back what only they needed: in two steps, of which the second comes
/// when nobody can be reading what it removes.
///
/// First a head says what no longer counts, and its index has everything that still does: packs of
/// which little is needed are written anew without the rest. A later run removes what nothing has
/// referred to since a head that is older than the grace.
public struct RepositoryPrune {
  /// How long files stay that nothing refers to: longer than any backup or restore takes. Seconds.
  public static let grace: TimeInterval = 86_400
  /// A pack of which at most this share is needed is written anew. Percent.
  private static let worth = 50

  private let repository: BackupRepository
  private let chain: HeadChain
  private let index: ChunkIndex
  private let now: Date

  private init(_ repository: BackupRepository, _ known: KnownHead?, _ now: Date) throws {
    (self.repository, self.now) = (repository, now)
    chain = try repository.heads()
    try chain.require(known)
    let found = try repository.chunks(chain)
    let damages =
      chain.damages.map { ($0.file, $0.problem) } + found.damages.map { ($0.file, $0.problem) }
    if let (file, problem) = damages.first {
      throw ApplianceError(
        .backupDamaged, "nothing is removed from a damaged repository: \(file) \(problem)",
        hint: "kafclaw backup verify tells what is damaged")
    }
    index = found.index
  }

  /// - Parameters:
  ///   - verified: The newest snapshot that the last check of everything looked at.
  ///   - broken: Snapshots that the check found not to be whole.
  ///   - despiteShrink: Whether snapshots are forgotten although a newer one has much less in it.
  ///   - isDry: Whether to tell only.
  /// - Throws: `backup.rewound`, `backup.damaged`, `io.lock-held`.
  public static func run(
    _ repository: BackupRepository, _ rule: RetentionRule, signer: SigningKey, known: KnownHead?,
    verified: Int?, broken: Set<Int> = [], despiteShrink: Bool = false, isDry: Bool = false,
    now: Date
  ) throws -> PruneReport {
    try repository.requireWriter(signer)
    let lock = try isDry ? nil : repository.storage.lock("kafclaw backup prune")
    defer { withExtendedLifetime(lock) {} }
    let prune = try RepositoryPrune(repository, known, now)
    return try prune.run(rule, signer, verified, broken, despiteShrink, isDry)
  }

  private func run(
    _ rule: RetentionRule, _ signer: SigningKey, _ verified: Int?, _ broken: Set<Int>,
    _ despiteShrink: Bool, _ isDry: Bool
  ) throws -> PruneReport {
    let manifests = try chain.snapshots.map { (head: $0, manifest: try repository.manifest($0)) }
    let candidates = manifests.map { RetainedSnapshot($0.manifest, $0.head) }
    let before = chain.heads.last { $0.baseline != nil }?.baseline ?? .none
    let grown = before.grown(by: candidates)
    let shrunk = shrink(candidates, grown)
    let frozen = despiteShrink ? nil : shrunk
    // Whether somebody is content with what there is now.
    let isAccepted = shrunk != nil && despiteShrink
    let decisions = rule.decide(candidates, verified: verified, broken: broken, now: now)
      .map { frozen == nil || $0.isKept ? $0 : $0.frozen }
    let kept = Set(decisions.filter(\.isKept).map(\.sequence))
    let live = try liveChunks(manifests.map(\.manifest).filter { kept.contains($0.sequence) })
    let forgotten = candidates.map(\.sequence).filter { !kept.contains($0) }
    var sweep = RepositorySweep(repository, chain, now: now)
    if !isDry { try sweep.run() }
    var compaction = PackCompaction(repository, index, live, worth: Self.worth)
    var head = chain.newest
    if !isDry, isAccepted || !forgotten.isEmpty {
      let baseline =
        isAccepted
        ? RetentionBaseline.none.grown(by: candidates.suffix(1)).since(chain.next) : grown
      head = try publish(forgotten, baseline, &compaction, signer)
    }
    return PruneReport(
      decisions: decisions, frozen: frozen, released: forgotten.isEmpty ? 0 : compaction.released,
      rewritten: forgotten.isEmpty ? 0 : compaction.rewritten, removed: sweep.removed,
      removedBytes: sweep.removedBytes, head: head)
  }

  private func publish(
    _ forgotten: [Int], _ baseline: RetentionBaseline, _ compaction: inout PackCompaction,
    _ signer: SigningKey
  ) throws -> KnownHead {
    try RepositoryMend.run(chain.mendable, in: repository.storage)
    try compaction.write()
    return try repository.publish(
      RepositoryNews(
        manifest: nil, index: compaction.result, isComplete: true, forgotten: forgotten,
        baseline: baseline, time: now),
      after: chain, signer: signer)
  }

  /// Whoever empties a host, or what it backs up, is not to have the backups of before forgotten.
  private func shrink(
    _ snapshots: [RetainedSnapshot], _ baseline: RetentionBaseline
  ) -> String? {
    guard let newest = snapshots.last, newest.sequence > baseline.since,
      baseline.isShrunk(newest)
    else { return nil }
    return "snapshot \(newest.sequence) has less than half of what there was: \(newest.size) of "
      + "\(baseline.size) bytes, \(newest.rows) of \(baseline.rows) rows"
  }

  private func liveChunks(_ manifests: [BackupManifest]) throws -> Set<HashValue> {
    var live: Set<HashValue> = []
    for text in manifests.lazy.flatMap(\.files).flatMap(\.chunks) {
      guard let id = HashValue(hexadecimal: text) else {
        throw ApplianceError(.backupDamaged, "a manifest names a chunk that cannot be")
      }
      if !live.contains(id) { live.formUnion(try index.chain(id)) }
    }
    return live
  }
}
