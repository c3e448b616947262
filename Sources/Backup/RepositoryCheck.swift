// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
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
  /// By chunk, the snapshots that need it.
  private var users: [HashValue: Set<Int>] = [:]
  private var packUsers: [Int: Set<Int>] = [:]
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
    check.readSlots()
    check.readRecords(chain.heads)
    try check.readPacks(progress)
    return RepositoryReport(
      level: level, snapshots: chain.heads.count, packs: check.index.packs.count,
      chunks: check.index.places.count, bytes: check.bytes, damages: check.damages,
      head: chain.newest)
  }

  /// A slot that was changed is no way in for whoever needs it one day.
  private mutating func readSlots() {
    for (name, hash) in repository.slots.sorted(by: { $0.key < $1.key }) {
      do {
        let bytes = try repository.folder.read(
          "keys/" + name, limit: RepositoryFormat.smallLimit)
        guard ContentHash.of(bytes).hexadecimal == hash else {
          throw ApplianceError(.backupDamaged, "was changed: its recovery key opens nothing")
        }
      } catch {
        note("keys/" + name, error, [])
      }
    }
  }

  private mutating func readRecords(_ heads: [BackupHead]) {
    for head in heads {
      do { try index.add(try repository.index(head), sequence: head.sequence) } catch {
        // What lies in packs that nobody knows is lost to this and all later snapshots.
        note(
          RepositoryFormat.index(head.sequence, head.index), error,
          Array(head.sequence...heads.count))
      }
    }
    for head in heads {
      do { use(try repository.manifest(head), named: head) } catch {
        note(
          RepositoryFormat.manifest(head.sequence, head.manifest), error, [head.sequence])
      }
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
    guard let first = problems.first else { return }
    damages.append(
      .init(
        file: RepositoryFormat.manifest(head.sequence, head.manifest),
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
      guard let id = HashValue(hexadecimal: text), let place = index.places[id] else {
        return "\"\(path)\" needs a chunk that is in no pack that is known"
      }
      users[id, default: []].insert(sequence)
      packUsers[place.pack, default: []].insert(sequence)
      length += place.length
    }
    return length == file.size ? nil : "\"\(path)\" has chunks of \(length) bytes, not \(file.size)"
  }

  private mutating func readPacks(_ progress: (Int, Int) -> Void) throws {
    let cipher = try ChunkCipher(repository.id, repository.keys)
    var chunks: [Int: [(HashValue, ChunkIndex.Place)]] = [:]
    if level == .data {
      for (id, place) in index.places { chunks[place.pack, default: []].append((id, place)) }
    }
    for (number, pack) in index.packs.enumerated() {
      let name = RepositoryFormat.pack(pack.name)
      do {
        switch level {
        case .manifest: try requireSize(name, pack.size)
        case .data: try read(name, pack, chunks[number] ?? [], cipher)
        }
      } catch {
        note(name, error, packUsers[number, default: []].sorted())
      }
      progress(number + 1, index.packs.count)
    }
  }

  private func requireSize(_ name: String, _ size: Int) throws {
    var status = stat()
    let file = try repository.folder.open(name)
    guard fstat(file.number, &status) == 0 else { throw ApplianceError.system("examine", name) }
    guard Int(status.st_size) == size else {
      throw ApplianceError(.backupDamaged, "has \(status.st_size) bytes instead of \(size)")
    }
  }

  private mutating func read(
    _ name: String, _ pack: ChunkIndex.Pack, _ chunks: [(HashValue, ChunkIndex.Place)],
    _ cipher: ChunkCipher
  ) throws {
    try requireSize(name, pack.size)
    let file = try repository.folder.open(name)
    bytes += pack.size
    var broken: Set<Int> = []
    var problems: [String] = []
    for (id, place) in chunks.sorted(by: { $0.1.offset < $1.1.offset }) {
      do {
        let sealed = try file.read(place.size, at: place.offset)
        try sealed.withUnsafeBytes { _ = try cipher.open($0, id: id, length: place.length) }
      } catch {
        problems.append("byte \(place.offset): \(ApplianceError.of(error).message)")
        broken.formUnion(users[id] ?? [])
      }
    }
    if !problems.isEmpty {
      let words = problems.prefix(3).joined(separator: "; ")
      damages.append(
        .init(
          file: name, problem: words + (problems.count > 3 ? "; and more" : ""),
          snapshots: broken.sorted()))
    } else if try hash(file, pack.size) != pack.name {
      // Every chunk is whole: what changed lies between them.
      damages.append(
        .init(file: name, problem: "was changed where no chunk lies", snapshots: []))
    }
  }

  /// Of a whole file, a piece at a time.
  private func hash(_ file: borrowing Descriptor, _ size: Int) throws -> HashValue {
    let hash = ContentHash()
    let piece = 1 << 20
    for start in stride(from: 0, to: size, by: piece) {
      hash.update(try file.read(min(piece, size - start), at: start))
    }
    return hash.value()
  }

  private mutating func note(_ file: String, _ error: any Error, _ snapshots: [Int]) {
    damages.append(
      .init(file: file, problem: ApplianceError.of(error).message, snapshots: snapshots))
  }
}
