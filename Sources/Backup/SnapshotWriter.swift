// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import DurableIO
public import FoundationEssentials
public import SodiumCrypto

/// What a snapshot says of itself beside its files.
public struct SnapshotFacts: Sendable {
  public var host: String?
  public var home: String?
  public var appliance: String?
  public var commit: String?
  public var database: BackupManifest.Database?
  public var audit: AuditAnchor?
  public var workspace: String?
  public var started: Date

  public init(started: Date) { self.started = started }
}

/// A snapshot that is there: a head names it.
public struct SnapshotReport: Sendable, Codable, Equatable {
  public let sequence: Int
  public let files: Int
  /// Of all files. Bytes.
  public let size: Int
  /// What packs of the repository grew by. Bytes.
  public let stored: Int
  public let skipped: [String: String]
  /// Recovery recipients that the repository was not sealed to before.
  public let recipientsAdded: Int
  /// What was wrong with the repository. What is still to be had, here or from copies, was stored
  /// again.
  public let damages: [String]
  public let head: KnownHead
}

/// Who makes a snapshot.
public struct SnapshotAuthor: Sendable {
  let root: SecretKey
  let signer: SigningKey
  let recipients: [[UInt8]]
  let known: KnownHead?
  let lost: Set<String>

  /// - Parameters:
  ///   - root: Opens the repository.
  ///   - signer: The repository's writer.
  ///   - recipients: To which the repository is to be sealed.
  ///   - known: The newest head that this host saw.
  ///   - lost: Packs that a check found damaged: what is in them is to be stored again.
  public init(
    root: SecretKey, signer: SigningKey, recipients: [[UInt8]], known: KnownHead?,
    lost: Set<String> = []
  ) {
    (self.root, self.signer, self.recipients) = (root, signer, recipients)
    (self.known, self.lost) = (known, lost)
  }
}

/// Makes one snapshot: chunks, packs, index, manifest, and last the head, before which nothing of it
/// counts.
public struct SnapshotWriter {
  private let repository: BackupRepository
  private let cutter: ContentDefinedChunks
  private let chain: HeadChain
  private let damages: [String]
  /// Chunks of each database in the newest snapshot: most of what comes is like them.
  private let earlier: [String: [HashValue]]
  private var chunks: ChunkStore
  private var files: [BackupManifest.File] = []
  private var skipped: [String: String] = [:]

  private init(
    _ contents: BackupContents, _ repository: BackupRepository, _ chain: HeadChain,
    lost: Set<String>
  ) throws {
    (self.repository, self.chain) = (repository, chain)
    cutter = ContentDefinedChunks(repository.keys)
    var found = try repository.chunks(chain)
    try RepositoryMend.run(
      found.damages.filter { !$0.isLost }.map { .init(file: $0.file, hash: $0.hash) },
      in: repository.storage)
    damages =
      chain.damages.map { "\($0.file) \($0.problem)" }
      + found.damages.map { "\($0.file) \($0.problem)" }
    // What lies in packs that are gone or cut is to be stored again.
    let storage = repository.storage
    try found.index.forget { pack in
      let name = RepositoryFormat.pack(pack.name)
      return try lost.contains(name) || storage.file(name)?.size != pack.size
    }
    earlier = try Self.databases(contents, repository, chain)
    chunks = try ChunkStore(repository, found.index)
  }

  private static func databases(
    _ contents: BackupContents, _ repository: BackupRepository, _ chain: HeadChain
  ) throws -> [String: [HashValue]] {
    let paths = Set(contents.files.filter(\.isDatabase).map(\.path))
    guard let newest = chain.snapshots.last, !paths.isEmpty else { return [:] }
    do {
      return try repository.manifest(newest).files.reduce(into: [:]) { known, file in
        guard paths.contains(file.path) else { return }
        known[file.path] = file.chunks.compactMap { HashValue(hexadecimal: $0) }
      }
    } catch let error as ApplianceError where error.code == .backupDamaged {
      return [:]
    }
  }

  /// - Parameter progress: Called with the files and bytes that are done.
  /// - Throws: `backup.rewound`, `backup.damaged`, `backup.exists`, `io.lock-held` while another
  ///   runs; nothing is published then.
  public static func write(
    _ contents: BackupContents, _ facts: SnapshotFacts, to repository: BackupRepository,
    by author: SnapshotAuthor, now: () -> Date,
    progress: (_ files: Int, _ bytes: Int) -> Void = { _, _ in }
  ) throws -> SnapshotReport {
    try repository.requireWriter(author.signer)
    let lock = try repository.storage.lock("kafclaw backup create")
    defer { withExtendedLifetime(lock) {} }
    let chain = try repository.heads()
    try chain.require(author.known)
    try chain.requireEnd()
    try RepositoryMend.run(chain.mendable, in: repository.storage)
    var writer = try SnapshotWriter(contents, repository, chain, lost: author.lost)
    return try writer.write(contents, facts, author, now, progress)
  }

  private mutating func write(
    _ contents: BackupContents, _ facts: SnapshotFacts, _ author: SnapshotAuthor,
    _ now: () -> Date, _ progress: (Int, Int) -> Void
  ) throws -> SnapshotReport {
    skipped = contents.skipped
    var size = 0
    for item in contents.files {
      guard let file = try add(item) else { continue }
      files.append(file)
      size += file.size
      progress(files.count, size)
    }
    try chunks.flush()
    try requireWhole(facts.database)
    let keys = try addRecipients(author)
    let time = now()
    let head = try repository.publish(
      RepositoryNews(
        manifest: manifest(contents, facts, at: time), index: PackIndex(packs: chunks.packs),
        keys: keys, time: time),
      after: chain, signer: author.signer)
    return SnapshotReport(
      sequence: head.sequence, files: files.count, size: size, stored: chunks.stored,
      skipped: skipped, recipientsAdded: keys.count, damages: damages, head: head)
  }

  /// - Returns: `nil` for a file that cannot be read, which is said in the manifest.
  private mutating func add(_ item: BackupContents.Item) throws -> BackupManifest.File? {
    let file: SourceFile
    do { file = try SourceFile(item.source, length: item.length) } catch {
      let error = ApplianceError.of(error)
      guard !item.isRequired else { throw error }
      skipped[item.path] = error.code == .fileMissing ? "it was removed meanwhile" : error.message
      return nil
    }
    let before = item.isDatabase ? earlier[item.path] ?? [] : []
    var names: [String] = []
    let cutter = cutter
    let size = try file.forEachChunk(
      cut: { item.isDatabase ? min($0.count, RepositoryFormat.chunkLength) : cutter.cut($0) },
      {
        let earlier = names.count < before.count ? before[names.count] : nil
        names.append(try chunks.store($0, after: earlier).hexadecimal)
      })
    return BackupManifest.File(
      path: item.path, mode: file.mode, size: size, chunks: names,
      isTorn: file.changed(since: size))
  }

  private func requireWhole(_ database: BackupManifest.Database?) throws {
    guard let database else { return }
    let copy = files.first { $0.path == database.path }
    guard copy?.size == database.pageSize * database.pageCount else {
      throw ApplianceError(.backupFailed, "the copy of \(database.path) is not whole")
    }
  }

  /// Seals the repository to whom it is not sealed to yet.
  private func addRecipients(_ author: SnapshotAuthor) throws -> [String: String] {
    var known = repository.slots
    for head in chain.heads { known.merge(head.keys) { _, new in new } }
    var added: [String: String] = [:]
    for recipient in author.recipients {
      let name = RepositoryKeySlot.name(recipient)
      guard known[name] == nil, added[name] == nil else { continue }
      // What an interrupted run left there no head names: it is not known what it is. Who may not
      // remove it leaves the sealing to who may.
      if try repository.storage.file("keys/" + name) != nil {
        do { try repository.storage.remove("keys/" + name) } catch { continue }
      }
      added[name] = try BackupRepository.add(recipient, author.root, repository.storage)
    }
    return added
  }

  private func manifest(
    _ contents: BackupContents, _ facts: SnapshotFacts, at now: Date
  ) -> BackupManifest {
    BackupManifest(
      repository: repository.id.description, sequence: chain.next,
      version: ApplianceVersion.current, host: facts.host, home: facts.home,
      appliance: facts.appliance,
      commit: facts.commit,
      started: facts.started, finished: now, files: files, folders: contents.folders,
      database: facts.database, audit: facts.audit, workspace: facts.workspace, skipped: skipped)
  }
}
