// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc
import SodiumCrypto

/// How much of a repository is looked at.
public enum VerificationLevel: String, Sendable, Codable, CaseIterable {
  /// Heads, manifests, indexes, and that every pack is there in its size.
  case manifest
  /// Everything, to the last byte.
  case data
}

/// What a check found.
public struct RepositoryReport: Sendable, Codable, Equatable {
  /// One thing that is not as it was written.
  public struct Damage: Sendable, Codable, Equatable {
    /// In the repository.
    public let file: String
    public let problem: String
    /// Snapshots that cannot be restored whole because of it.
    public let snapshots: [Int]
  }

  public let level: VerificationLevel
  public let snapshots: Int
  /// `nil` when there is none.
  public let newestSnapshot: Int?
  public let packs: Int
  public let chunks: Int
  /// That were read. Bytes.
  public let bytes: Int
  public let damages: [Damage]
  public let head: KnownHead?

  public var isIntact: Bool { damages.isEmpty }
}

/// Looks at a repository. Nothing is changed.
public struct RepositoryCheck {
  private let repository: BackupRepository
  private let level: VerificationLevel
  private var damages: [RepositoryReport.Damage] = []
  private var index = ChunkIndex()
  /// By chunk, the snapshots that need it, each once and in order.
  private var users: [HashValue: [Int]] = [:]
  private var packUsers: [Int: [Int]] = [:]
  private var bytes = 0

  private init(_ repository: BackupRepository, _ level: VerificationLevel) {
    (self.repository, self.level) = (repository, level)
  }

  /// - Parameter known: The newest head that is known elsewhere.
  /// - Throws: `backup.damaged` or `backup.rewound` where not even the heads can be trusted.
  public static func run(
    _ repository: BackupRepository, level: VerificationLevel, known: KnownHead? = nil,
    progress: (_ packs: Int, _ of: Int) -> Void = { _, _ in }
  ) throws -> RepositoryReport {
    let chain = try repository.heads()
    try chain.require(known)
    var check = RepositoryCheck(repository, level)
    try check.readSlots(chain)
    try check.readRecords(chain)
    try check.readPacks(progress)
    return RepositoryReport(
      level: level, snapshots: chain.snapshots.count,
      newestSnapshot: chain.snapshots.last?.sequence, packs: check.index.packs.count,
      chunks: check.index.places.count, bytes: check.bytes, damages: check.damages,
      head: chain.newest)
  }

  /// A slot that was changed is no way in for whoever needs it one day.
  private mutating func readSlots(_ chain: HeadChain) throws {
    var slots = repository.slots
    for head in chain.heads { slots.merge(head.keys) { _, new in new } }
    for (name, hash) in slots.sorted(by: { $0.key < $1.key }) {
      try noting("keys/" + name) { check in
        let bytes = try check.repository.storage.read(
          "keys/" + name, limit: RepositoryFormat.smallLimit)
        guard ContentHash.of(bytes).hexadecimal == hash else {
          throw ApplianceError(.backupDamaged, "was changed: its recovery key opens nothing")
        }
      }
    }
  }

  private mutating func readRecords(_ chain: HeadChain) throws {
    for damage in chain.damages {
      // Whether a snapshot was there the head would say.
      damages.append(
        .init(
          file: damage.file, problem: damage.problem,
          snapshots: damage.isLost ? [damage.sequence] : []))
    }
    let found = try repository.chunks(chain)
    index = found.index
    for damage in found.damages {
      // What lies in packs that nobody knows is lost to this and all later snapshots.
      let hurt = chain.snapshots.map(\.sequence).filter { $0 >= damage.sequence }
      damages.append(
        .init(
          file: damage.file, problem: damage.problem, snapshots: damage.isLost ? hurt : []))
    }
    for head in chain.snapshots {
      try noting(
        RepositoryFormat.manifest(head.sequence, head.manifest ?? ""), snapshots: [head.sequence]
      ) { check in
        check.use(try check.repository.manifest(head), named: head)
      }
    }
  }

  /// What is wrong with a file of the repository is told; that storage does not answer is not that.
  private mutating func noting(
    _ file: String, snapshots: [Int] = [], _ body: (inout RepositoryCheck) throws -> Void
  ) throws {
    do { try body(&self) } catch {
      let error = ApplianceError.of(error)
      guard error.code != .backupStorage else { throw error }
      damages.append(.init(file: file, problem: error.message, snapshots: snapshots))
    }
  }

  private mutating func use(_ manifest: BackupManifest, named head: BackupHead) {
    var problems: [String] = []
    if let database = manifest.database,
      !manifest.files.contains(where: { $0.path == database.path })
    {
      problems.append("its database is not among its files")
    }
    for file in manifest.files {
      if let problem = use(file, in: manifest.sequence) { problems.append(problem) }
    }
    for folder in manifest.folders {
      // `try?`: the message is the one below.
      if (try? SnapshotRestore.safe(folder)) == nil {
        problems.append("a folder has a path that cannot be")
      }
    }
    guard let first = problems.first else { return }
    damages.append(
      .init(
        file: RepositoryFormat.manifest(head.sequence, head.manifest ?? ""),
        problem: problems.count == 1 ? first : "\(first); and \(problems.count - 1) more",
        snapshots: [manifest.sequence]))
  }

  /// - Returns: Why the file could not be restored, as far as that shows here.
  private mutating func use(_ file: BackupManifest.File, in sequence: Int) -> String? {
    let path = VisibleText.escape(file.path)
    // `try?`: the message is the one below.
    guard (try? SnapshotRestore.safe(file.path)) != nil, mode_t(file.mode, radix: 8) != nil else {
      return "\"\(path)\" has a path or a mode that cannot be"
    }
    var length = 0
    for text in file.chunks {
      guard let id = HashValue(hexadecimal: text) else {
        return "\"\(path)\" names a chunk that cannot be"
      }
      do { length += try use(id, in: sequence) } catch {
        return "\"\(path)\": \(ApplianceError.of(error).message)"
      }
    }
    return length == file.size ? nil : "\"\(path)\" has chunks of \(length) bytes, not \(file.size)"
  }

  /// - Returns: Bytes of the chunk.
  private mutating func use(_ id: HashValue, in sequence: Int) throws -> Int {
    let chain = try index.chain(id)
    for link in chain where users[link]?.last != sequence {
      users[link, default: []].append(sequence)
      if let pack = index.places[link]?.pack, packUsers[pack]?.last != sequence {
        packUsers[pack, default: []].append(sequence)
      }
    }
    return index.places[id]?.length ?? 0
  }

  private mutating func readPacks(_ progress: (Int, Int) -> Void) throws {
    let needed = Set(index.places.values.map(\.pack))
    var whole: Set<Int> = []
    for (number, pack) in index.packs.enumerated() where needed.contains(number) {
      let name = RepositoryFormat.pack(pack.name)
      try noting(name, snapshots: packUsers[number] ?? []) { check in
        try check.requireSize(name, pack.size)
        whole.insert(number)
      }
    }
    guard level == .data else { return progress(needed.count, needed.count) }
    var walk = ChunkWalk(
      index,
      ChunkReader(
        repository.storage, try ChunkCipher(repository.id, repository.keys), index))
    try walk.run(whole, progress)
    for number in whole.sorted() { try finish(number, walk) }
  }

  /// What was seen of the chunks of a pack, and what lies beside them.
  private mutating func finish(_ number: Int, _ walk: ChunkWalk) throws {
    let pack = index.packs[number]
    let name = RepositoryFormat.pack(pack.name)
    bytes += pack.size
    let problems = walk.problems[number] ?? []
    if !problems.isEmpty {
      let words = problems.prefix(3).map(\.words).joined(separator: "; ")
      let broken = problems.reduce(into: Set<Int>()) { $0.formUnion(users[$1.id] ?? []) }
      damages.append(
        .init(
          file: name, problem: words + (problems.count > 3 ? "; and more" : ""),
          snapshots: broken.sorted()))
      return
    }
    // Where chunks lie one after the other and zeros follow, what is in them is all that there is.
    var isWhole = try walk.ends[number].map { try isZero(name, $0..<pack.size) } ?? false
    if !isWhole { isWhole = try hash(name, pack.size) == pack.name }
    if !isWhole {
      damages.append(
        .init(file: name, problem: "was changed where no chunk lies", snapshots: []))
    }
  }

  private func requireSize(_ name: String, _ size: Int) throws {
    guard let found = try repository.storage.file(name) else {
      throw ApplianceError(.backupDamaged, "is gone")
    }
    guard found.size == size else {
      throw ApplianceError(.backupDamaged, "has \(found.size) bytes instead of \(size)")
    }
  }

  private func isZero(_ name: String, _ range: Range<Int>) throws -> Bool {
    try range.isEmpty || repository.storage.read(name, range).allSatisfy { $0 == 0 }
  }

  /// Of a whole file, a piece at a time.
  private func hash(_ name: String, _ size: Int) throws -> HashValue {
    let hash = ContentHash()
    let piece = repository.storage.isRemote ? size : 1 << 20
    for start in stride(from: 0, to: size, by: piece) {
      hash.update(try repository.storage.read(name, start..<min(size, start + piece)))
    }
    return hash.value()
  }
}
