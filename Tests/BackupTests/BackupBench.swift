// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import SodiumCrypto
import TestSupport

@testable import Backup

/// A host's files, a repository, and the keys of both.
final class BackupBench {
  let folder: TemporaryFolder
  let root: SecretKey
  let signer: SigningKey
  let recovery: RecipientKey
  let repository: BackupRepository
  var path: String { folder("repository") }

  init() throws {
    folder = try TemporaryFolder()
    (root, signer) = (try SecretKey.random(), try SigningKey.random())
    recovery = try RecipientKey.random()
    repository = try BackupRepository.create(
      in: FolderStorage(path: folder("repository")), root: root, signer: signer,
      recipients: [recovery.publicKey],
      at: .noon)
    try folder.makeFolder("files")
  }

  func write(_ name: String, _ content: Data) throws {
    let url = URL(filePath: folder("files/" + name))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try content.write(to: url)
  }

  func contents(database: String? = nil) -> BackupContents {
    var contents = BackupContents()
    if let database {
      contents.add(
        BackupContents.Item(
          path: "state/" + database, source: folder("files/" + database), isDatabase: true))
    }
    contents.addFolder("workspace", from: folder("files")) { $0 != "workspace/\(database ?? "")" }
    return contents
  }

  @discardableResult
  func back(
    _ contents: BackupContents? = nil, known: KnownHead? = nil, recipients: [[UInt8]]? = nil,
    lost: Set<String> = [], at time: Date = .noon
  ) throws -> SnapshotReport {
    try SnapshotWriter.write(
      contents ?? self.contents(), SnapshotFacts(started: time), to: repository,
      by: SnapshotAuthor(
        root: root, signer: signer, recipients: recipients ?? [recovery.publicKey], known: known,
        lost: lost),
      now: { time })
  }

  func restore(
    _ sequence: Int, to name: String, from repository: BackupRepository? = nil
  ) throws {
    let repository = repository ?? self.repository
    _ = try SnapshotRestore(repository, try repository.heads(), sequence: sequence)
      .write(to: folder(name))
  }

  /// Every file of the repository.
  func files(_ root: String? = nil) throws -> [String] {
    let root = root ?? path
    let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
    return names.filter { name in
      var isFolder: ObjCBool = false
      let isThere = FileManager.default.fileExists(
        atPath: root + "/" + name, isDirectory: &isFolder)
      return isThere && !isFolder.boolValue && name != "lock"
    }.sorted()
  }

  /// The content of every file below a folder.
  func tree(_ name: String) throws -> [String: Data] {
    try files(folder(name)).reduce(into: [:]) { tree, file in
      tree[file] = try Data(contentsOf: URL(filePath: folder(name) + "/" + file))
    }
  }

  func read(_ name: String) throws -> Data {
    try Data(contentsOf: URL(filePath: path + "/" + name))
  }

  func overwrite(_ name: String, _ content: Data) throws {
    try content.write(to: URL(filePath: path + "/" + name))
  }
}

extension Date {
  static let noon = Date(timeIntervalSince1970: 1_700_000_000)
}

extension Data {
  static func random(_ count: Int, _ random: inout SplitMix64) -> Data {
    var data = Data(capacity: count + 8)
    while data.count < count {
      Swift.withUnsafeBytes(of: random.next()) { data.append(contentsOf: $0) }
    }
    return data.prefix(count)
  }
}
