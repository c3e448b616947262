// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
public import FoundationEssentials
import Glibc
public import SodiumCrypto

/// What a snapshot says of itself beside its files.
public struct SnapshotFacts: Sendable {
  public var appliance: String?
  public var commit: String?
  public var database: BackupManifest.Database?
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
  /// What the repository grew by. Bytes.
  public let stored: Int
  public let skipped: [String: String]
  public let head: KnownHead
}

/// Makes one snapshot: chunks, packs, index, manifest, and last the head, before which nothing of it
/// counts.
public struct SnapshotWriter {
  /// Bytes that are read at a time.
  private static let window = 1 << 20

  private let repository: BackupRepository
  private let signer: SigningKey
  private let cipher: ChunkCipher
  private let cutter: ContentDefinedChunks
  private let chain: HeadChain
  private var index: ChunkIndex
  private var packs: PackWriter
  private var written: Set<HashValue> = []
  private var files: [BackupManifest.File] = []
  private var skipped: [String: String] = [:]

  private init(
    _ repository: BackupRepository, _ signer: SigningKey, _ chain: HeadChain
  ) throws {
    (self.repository, self.signer, self.chain) = (repository, signer, chain)
    cipher = try ChunkCipher(repository.id, repository.keys)
    cutter = ContentDefinedChunks(repository.keys)
    index = try repository.chunkIndex(chain.heads)
    index.forget { repository.folder.size(RepositoryFormat.pack($0.name)) != $0.size }
    packs = PackWriter(repository.folder, cipher)
  }

  /// - Parameters:
  ///   - signer: The repository's writer.
  ///   - known: The newest head that this host saw.
  ///   - progress: Called with the files and bytes that are done.
  /// - Throws: `backup.rewound`, `backup.damaged`, `io.lock-held` while another runs; nothing is
  ///   published then.
  public static func write(
    _ contents: BackupContents, _ facts: SnapshotFacts, to repository: BackupRepository,
    signer: SigningKey, known: KnownHead?, now: () -> Date,
    progress: (_ files: Int, _ bytes: Int) -> Void = { _, _ in }
  ) throws -> SnapshotReport {
    guard signer.publicKey == repository.signer else {
      throw ApplianceError(
        .backupKey, "this host's signing key is not that of the repository",
        hint: "another host writes it: make a repository of your own")
    }
    let lock = try repository.lock()
    let chain = try repository.heads()
    try chain.require(known)
    var writer = try SnapshotWriter(repository, signer, chain)
    let report = try writer.write(contents, facts, now, progress)
    _ = consume lock
    return report
  }

  private mutating func write(
    _ contents: BackupContents, _ facts: SnapshotFacts, _ now: () -> Date,
    _ progress: (Int, Int) -> Void
  ) throws -> SnapshotReport {
    skipped = contents.skipped
    var size = 0
    for item in contents.files {
      guard let file = try add(item) else { continue }
      files.append(file)
      size += file.size
      progress(files.count, size)
    }
    try packs.flush()
    let head = try publish(contents, facts, at: now())
    return SnapshotReport(
      sequence: head.sequence, files: files.count, size: size, stored: packs.stored,
      skipped: skipped, head: head)
  }

  /// - Returns: `nil` for a file that cannot be read, which is said in the manifest.
  private mutating func add(_ item: BackupContents.Item) throws -> BackupManifest.File? {
    let file: SourceFile
    do { file = try SourceFile(item.source) } catch {
      let error = ApplianceError.of(error)
      guard !item.isRequired else { throw error }
      skipped[item.path] = error.code == .fileMissing ? "it was removed meanwhile" : error.message
      return nil
    }
    let content = try read(file, item)
    return BackupManifest.File(
      path: item.path, mode: PrivateFolder.octal(file.status.st_mode & 0o7777),
      size: content.size, hash: content.hash.hexadecimal,
      chunks: content.chunks.map(\.hexadecimal), isTorn: file.changed(since: content.size))
  }

  private mutating func read(
    _ file: SourceFile, _ item: BackupContents.Item
  ) throws -> (size: Int, hash: HashValue, chunks: [HashValue]) {
    let hash = ContentHash()
    var chunks: [HashValue] = []
    var size = 0
    var buffer = [UInt8](repeating: 0, count: Self.window)
    var held = 0
    var isAtEnd = false
    while !isAtEnd || held > 0 {
      if !isAtEnd { isAtEnd = try fill(&buffer, &held, file, item.source) }
      var start = 0
      try buffer.withUnsafeBytes { bytes in
        // A chunk may end later than what is there as long as more can come.
        while held - start >= (isAtEnd ? 1 : RepositoryFormat.chunkLength) {
          let rest = UnsafeRawBufferPointer(rebasing: bytes[start..<held])
          let length =
            item.isDatabase ? min(rest.count, RepositoryFormat.chunkLength) : cutter.cut(rest)
          let content = UnsafeRawBufferPointer(rebasing: rest[..<length])
          hash.update(content)
          chunks.append(try store(content))
          start += length
        }
      }
      size += start
      buffer.withUnsafeMutableBytes { bytes in
        guard start > 0, let base = bytes.baseAddress else { return }
        memmove(base, base + start, held - start)
      }
      held -= start
    }
    return (size, hash.value(), chunks)
  }

  /// - Returns: Whether the end of the file was met.
  private func fill(
    _ buffer: inout [UInt8], _ held: inout Int, _ file: SourceFile, _ path: String
  ) throws -> Bool {
    while held < buffer.count {
      let (space, start) = (buffer.count - held, held)
      let number = file.descriptor.number
      let count = buffer.withUnsafeMutableBytes {
        Glibc.read(number, $0.baseAddress.map { $0 + start }, space)
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw ApplianceError.system("read", path) }
      if count == 0 { return true }
      held += count
    }
    return false
  }

  private mutating func store(_ content: UnsafeRawBufferPointer) throws -> HashValue {
    let id = cipher.id(of: content)
    guard !index.contains(id), written.insert(id).inserted else { return id }
    try packs.add(content, id: id)
    return id
  }

  private func publish(
    _ contents: BackupContents, _ facts: SnapshotFacts, at now: Date
  ) throws -> KnownHead {
    let (folder, sequence) = (repository.folder, chain.heads.count + 1)
    if let database = facts.database {
      let copy = files.first { $0.path == database.path }
      guard copy?.size == database.pageSize * database.pageCount else {
        throw ApplianceError(.backupFailed, "the copy of \(database.path) is not whole")
      }
    }
    let index = try repository.sealed(
      try ApplianceJSON.encode(PackIndex(packs: packs.packs)), kind: "index", sequence)
    let manifest = try repository.sealed(
      try SignedRecord.bytes(
        self.manifest(contents, facts, sequence, at: now), kind: "manifest", key: signer),
      kind: "manifest", sequence)
    let hashes = [index, manifest].map { ContentHash.of($0).hexadecimal }
    // What an interrupted run left under this number has another name, and no head.
    try folder.add(RepositoryFormat.index(sequence, hashes[0]), index)
    try folder.add(RepositoryFormat.manifest(sequence, hashes[1]), manifest)
    let head = BackupHead(
      repository: repository.id.description, sequence: sequence, previous: chain.newest?.hash ?? "",
      manifest: hashes[1], index: hashes[0], time: now)
    let bytes = try SignedRecord.bytes(head, kind: "head", key: signer)
    try folder.add(RepositoryFormat.head(sequence), bytes)
    return KnownHead(sequence: sequence, hash: ContentHash.of(bytes).hexadecimal)
  }

  private func manifest(
    _ contents: BackupContents, _ facts: SnapshotFacts, _ sequence: Int, at now: Date
  ) -> BackupManifest {
    BackupManifest(
      repository: repository.id.description, sequence: sequence,
      version: ApplianceVersion.current, appliance: facts.appliance, commit: facts.commit,
      started: facts.started, finished: now, files: files, folders: contents.folders,
      database: facts.database, workspace: facts.workspace, skipped: skipped)
  }
}

/// A regular file that is being backed up.
private final class SourceFile {
  let descriptor: Descriptor
  let status: stat

  init(_ path: String) throws {
    descriptor = try Descriptor(opening: path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
    var status = stat()
    let isRead = fstat(descriptor.number, &status) == 0
    self.status = status
    guard isRead, status.st_mode & S_IFMT == S_IFREG else {
      throw ApplianceError(.backupFailed, "not a regular file")
    }
  }

  /// Whether somebody wrote to it while `size` bytes were read.
  func changed(since size: Int) -> Bool {
    var now = stat()
    return fstat(descriptor.number, &now) != 0 || now.st_size != status.st_size
      || size != Int(status.st_size) || now.st_mtim.tv_sec != status.st_mtim.tv_sec
      || now.st_mtim.tv_nsec != status.st_mtim.tv_nsec
  }
}
