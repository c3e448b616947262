// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import SodiumCrypto

/// The newest head that somebody saw: an older repository shows when it is compared with it.
public struct KnownHead: Sendable, Codable, Equatable {
  public let sequence: Int
  /// SHA-256 of the file of the head, hexadecimal.
  public let hash: String

  public init(sequence: Int, hash: String) { (self.sequence, self.hash) = (sequence, hash) }

  /// Reads `NUMBER:HASH`.
  public init?(_ text: String) {
    let parts = text.split(separator: ":")
    guard parts.count == 2, let sequence = Int(parts[0]), sequence > 0,
      let hash = HashValue(hexadecimal: parts[1])
    else { return nil }
    self.init(sequence: sequence, hash: hash.hexadecimal)
  }

  public var description: String { "\(sequence):\(hash)" }
}

/// The heads of a repository, from the first to the newest: each signed, each naming the one before.
public struct HeadChain: Sendable {
  /// A file of a head that cannot be read. Those around it show that there was one.
  struct Damage: Sendable {
    let sequence: Int
    let file: String
    let problem: String
    /// Whether its copy is lost too.
    let isLost: Bool
  }

  /// Those that can be read, in their order.
  public private(set) var heads: [BackupHead] = []
  private(set) var damages: [Damage] = []
  /// Whether the newest head has no copy yet.
  private var isUncopied = false
  private static let gone = "is gone"
  private let storage: any BackupStorage
  /// Of the file of each head, as it is or as the one after it says.
  private var hashes: [Int: String] = [:]
  /// Of the newest head that is there, readable or not.
  private let last: Int

  /// - Throws: `backup.storage`, and what is no damage of a single head.
  init(_ storage: any BackupStorage, _ repository: RepositoryID, signer: [UInt8]) throws {
    self.storage = storage
    let numbers = Set(
      try ["", "copies/"].flatMap { try Self.sequences(storage, $0 + "heads") })
    last = numbers.max() ?? 0
    // Anybody who can add a file can add one of a high number.
    guard last - numbers.count <= RepositoryFormat.gapLimit else {
      throw ApplianceError(
        .backupDamaged,
        "\(RepositoryFormat.head(last)) is there, and \(last - numbers.count) heads before it are not",
        hint: "remove it, if nobody of yours has put it there")
    }
    // From the newest on, each says what the one before it must be.
    for sequence in stride(from: last, to: 0, by: -1) {
      let file = RepositoryFormat.head(sequence)
      var problems: [(file: String, problem: String)] = []
      var found: (head: BackupHead, hash: String)?
      for file in [file, RepositoryFormat.copy(file)] {
        do {
          let read = try read(file, sequence, repository, signer)
          found = found ?? read
        } catch let error as ApplianceError where error.code == .backupDamaged {
          problems.append((file, error.message))
        }
      }
      for (file, problem) in problems {
        // The copy of the newest head comes after it: its writer was interrupted there.
        if file != RepositoryFormat.head(sequence), sequence == last, problem == Self.gone {
          isUncopied = found != nil
          continue
        }
        damages.append(
          Damage(sequence: sequence, file: file, problem: problem, isLost: found == nil))
      }
      guard let (head, hash) = found else { continue }
      heads.append(head)
      hashes[sequence] = hash
      if !head.previous.isEmpty { hashes[sequence - 1] = head.previous }
    }
    heads.reverse()
    damages.reverse()
  }

  private static func sequences(
    _ storage: any BackupStorage, _ folder: String
  ) throws -> [Int] {
    try storage.files(in: folder).compactMap { file in
      RepositoryFormat.sequence(of: String(file.name.dropFirst(folder.count + 1)))
    }
  }

  private func read(
    _ name: String, _ sequence: Int, _ repository: RepositoryID, _ signer: [UInt8]
  ) throws -> (BackupHead, String) {
    let bytes: [UInt8]
    do { bytes = try storage.read(name, limit: RepositoryFormat.headLimit) } catch let error
      as ApplianceError where error.code != .backupStorage
    {
      throw ApplianceError(.backupDamaged, error.code == .fileMissing ? Self.gone : error.message)
    }
    let hash = ContentHash.of(bytes).hexadecimal
    guard hash == hashes[sequence] ?? hash else {
      throw ApplianceError(.backupDamaged, "is not what the one after it names")
    }
    let head = try SignedRecord.read(BackupHead.self, bytes, kind: "head", signer: signer)
    guard head.repository == repository.description, head.sequence == sequence,
      head.previous.isEmpty == (sequence == 1),
      head.previous.isEmpty || HashValue(hexadecimal: head.previous) != nil
    else { throw ApplianceError(.backupDamaged, "is that of another place") }
    return (head, hash)
  }

  /// The newest, to be remembered elsewhere.
  public var newest: KnownHead? {
    guard let head = heads.last, head.sequence == last, let hash = hashes[last] else {
      return nil
    }
    return KnownHead(sequence: last, hash: hash)
  }

  /// What is there to be restored, oldest first.
  public var snapshots: [BackupHead] {
    let forgotten = Set(heads.flatMap(\.forgotten))
    return heads.filter { $0.manifest != nil && !forgotten.contains($0.sequence) }
  }

  /// - Returns: `nil` when there is none of this number.
  public func snapshot(_ sequence: Int) -> BackupHead? {
    snapshots.first { $0.sequence == sequence }
  }

  /// The newest snapshot.
  ///
  /// - Throws: `backup.damaged` where it cannot be told whether there is a newer one; `backup.repository`
  ///   without any.
  public func latest() throws -> BackupHead {
    try requireEnd()
    guard let head = snapshots.last else {
      throw ApplianceError(
        .backupRepository, "the repository has no snapshot", hint: "kafclaw backup create")
    }
    return head
  }

  /// Files of heads that can be had from their counterpart, and the hash that they have to have.
  var mendable: [RepositoryMend.Item] {
    let files =
      damages.filter { !$0.isLost }.map { ($0.file, $0.sequence) }
      + (isUncopied ? [(RepositoryFormat.copy(RepositoryFormat.head(last)), last)] : [])
    return files.compactMap { file, sequence in
      hashes[sequence].map { RepositoryMend.Item(file: file, hash: $0) }
    }
  }

  /// The number of the next head.
  var next: Int { last + 1 }

  /// - Throws: `backup.damaged` when nobody can say after what the next head comes.
  func requireEnd() throws {
    guard last == 0 || newest != nil else {
      let damage = damages.first { $0.sequence == last }
      throw ApplianceError(
        .backupDamaged,
        "\(RepositoryFormat.head(last)) \(damage?.problem ?? "cannot be read"), and so its copy",
        hint:
          "put the file back from a copy of the repository: without it nothing is added, and what "
          + "was newest is not known; --snapshot N restores an older one")
    }
  }

  /// - Throws: `backup.rewound` unless the repository has grown from what is known; `backup.damaged`
  ///   when the head cannot be read that would tell.
  public func require(_ known: KnownHead?) throws {
    guard let known else { return }
    guard known.sequence >= 1, known.sequence <= last else {
      throw ApplianceError(
        .backupRewound,
        "the repository ends at \(last); \(known.sequence) is known",
        hint:
          "newer snapshots were removed, or an older copy of the repository was put there; to go "
          + "on with it, remove the file backup-*.seen of this repository")
    }
    let damage = damages.first { $0.sequence == known.sequence && $0.isLost }
    guard damage == nil || hashes[known.sequence] == known.hash else {
      throw ApplianceError(
        .backupDamaged,
        "\(RepositoryFormat.head(known.sequence)) \(damage?.problem ?? "cannot be read")",
        hint: "put the file back from a copy of the repository; --snapshot N restores an older one")
    }
    guard hashes[known.sequence] == known.hash else {
      throw ApplianceError(
        .backupRewound, "head \(known.sequence) of the repository is another than is known",
        hint: "the repository was replaced, or written by two hosts")
    }
  }
}
