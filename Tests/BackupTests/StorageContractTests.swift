// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Backup

/// The kinds of storage that hold repositories. A new one belongs here.
enum StorageKind: String, CaseIterable, CustomTestStringConvertible {
  case folder
  case s3

  var testDescription: String { rawValue }

  static var available: [StorageKind] {
    allCases.filter { $0 != .s3 || MotoServer.isInstalled }
  }

  /// A new place where nothing is.
  ///
  /// - Parameter folder: For files of the test.
  func place(_ folder: TemporaryFolder) throws -> StoragePlace {
    switch self {
    case .folder:
      return StoragePlace { FolderStorage(path: folder("repository")) }
    case .s3:
      let bench = try S3Bench()
      return StoragePlace { try bench.storage() }
    }
  }
}

/// Where a storage of one test lies.
struct StoragePlace {
  /// Another holder of the same storage.
  let open: () throws -> any BackupStorage

  /// A new repository's.
  func prepared() throws -> any BackupStorage {
    let storage = try open()
    try storage.prepare()
    return storage
  }
}

/// What every storage of repositories promises.
@Suite(.timeLimit(.minutes(5)))
struct StorageContractTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("what was added is there, for others too", arguments: StorageKind.available)
  func addition(_ kind: StorageKind) throws {
    let place = try kind.place(folder)
    let storage = try place.prepared()
    var random = SplitMix64(seed: SplitMix64.seed(of: "storage contract"))
    let contents: [(name: String, bytes: [UInt8])] = [
      ("config", .random(300, &random)), ("packs/ab/abc0", .random(5_000_000, &random)),
      ("packs/ab/abc1", []), ("heads/0000000001", [0]), ("keys/a-b-c", .random(70_000, &random)),
    ]
    for (name, bytes) in contents { try storage.add(name, bytes) }
    let other = try place.open()
    for (name, bytes) in contents {
      #expect(try other.read(name, limit: bytes.count) == bytes)
      let file = try #require(try other.file(name))
      #expect(file.name == name && file.size == bytes.count)
      #expect(abs(file.time.timeIntervalSinceNow) < 60)
    }
  }

  @Test("a name is taken once, and what it stands for stays", arguments: StorageKind.available)
  func oneAddition(_ kind: StorageKind) throws {
    let storage = try kind.place(folder).prepared()
    try storage.add("heads/1", [1, 2, 3])
    for bytes: [UInt8] in [[4, 5, 6], [], [1, 2, 3]] {
      #expect(failure { try storage.add("heads/1", bytes) }?.code == .backupExists)
    }
    #expect(try storage.read("heads/1", limit: 100) == [1, 2, 3])
  }

  @Test("parts of files", arguments: StorageKind.available)
  func ranges(_ kind: StorageKind) throws {
    let storage = try kind.place(folder).prepared()
    let bytes = [UInt8](0...255)
    try storage.add("packs/ab/x", bytes)
    for range in [0..<1, 0..<256, 255..<256, 17..<200, 100..<100, 0..<0] {
      #expect(try storage.read("packs/ab/x", range) == Array(bytes[range]), "\(range)")
    }
    for range in [0..<257, 255..<300, 256..<257, 1_000..<2_000] {
      let code = failure { _ = try storage.read("packs/ab/x", range) }?.code
      #expect(code == .backupDamaged, "\(range)")
    }
    let code = failure { _ = try storage.read("packs/ab/y", 0..<10) }?.code
    #expect(code == .fileMissing)
  }

  @Test("what is absent is said to be", arguments: StorageKind.available)
  func absence(_ kind: StorageKind) throws {
    let storage = try kind.place(folder).prepared()
    try storage.add("packs/ab/x", [1])
    #expect(failure { _ = try storage.read("packs/ab/y", limit: 10) }?.code == .fileMissing)
    // A name that is the beginning of another, or its folder, is another name.
    for name in ["packs/ab/y", "packs/a", "packs/ab", "config"] {
      #expect(try storage.file(name) == nil, "\(name)")
    }
    try storage.remove("packs/ab/y")
  }

  @Test("a file over the limit is not read", arguments: StorageKind.available)
  func limits(_ kind: StorageKind) throws {
    let storage = try kind.place(folder).prepared()
    try storage.add("index/1", [UInt8](repeating: 7, count: 1_000))
    #expect(failure { _ = try storage.read("index/1", limit: 999) }?.code == .fileTooLarge)
    #expect(failure { _ = try storage.read("index/1", limit: 0) }?.code == .fileTooLarge)
    #expect(try storage.read("index/1", limit: 1_000).count == 1_000)
  }

  @Test("files are listed by name, all of a folder and no others", arguments: StorageKind.available)
  func listing(_ kind: StorageKind) throws {
    let storage = try kind.place(folder).prepared()
    let names = (0..<30).map { "packs/\($0 % 3)a/\(String($0 * 7_919, radix: 16))" }
    for name in names + ["packs-not/x", "index/1", "config"] {
      try storage.add(name, Array(name.utf8))
    }
    let listed = try storage.files(in: "packs")
    #expect(listed.map(\.name) == names.sorted())
    for file in listed {
      #expect(file.size == file.name.utf8.count)
      #expect(abs(file.time.timeIntervalSinceNow) < 60)
    }
    #expect(try storage.files(in: "packs/1a").count == 10)
    #expect(try storage.files(in: "index").map(\.name) == ["index/1"])
    #expect(try storage.files(in: "snapshots").isEmpty)
  }

  @Test("a name with a hyphen comes before one with a slash", arguments: StorageKind.available)
  func order(_ kind: StorageKind) throws {
    let storage = try kind.place(folder).prepared()
    for name in ["packs/a/x", "packs/a-b", "packs/a0"] { try storage.add(name, [1]) }
    #expect(try storage.files(in: "packs").map(\.name) == ["packs/a-b", "packs/a/x", "packs/a0"])
  }

  @Test("what was removed is gone, and its name is free", arguments: StorageKind.available)
  func removal(_ kind: StorageKind) throws {
    let storage = try kind.place(folder).prepared()
    try storage.add("packs/ab/x", [1])
    try storage.add("packs/ab/y", [2])
    try storage.remove("packs/ab/x")
    try storage.remove("packs/ab/x")
    #expect(try storage.file("packs/ab/x") == nil)
    #expect(try storage.files(in: "packs").map(\.name) == ["packs/ab/y"])
    try storage.add("packs/ab/x", [3])
    #expect(try storage.read("packs/ab/x", limit: 1) == [3])
  }

  @Test("a place is prepared where nothing is", arguments: StorageKind.available)
  func preparation(_ kind: StorageKind) throws {
    let place = try kind.place(folder)
    let storage = try place.prepared()
    for folder in ["keys", "packs", "index", "snapshots", "heads"] {
      #expect(try storage.files(in: folder).isEmpty)
    }
    try storage.add("config", [1])
    #expect(failure { try place.open().prepare() }?.code == .backupRepository)
    #expect(try storage.read("config", limit: 1) == [1])
  }
}
