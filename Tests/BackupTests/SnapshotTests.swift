// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import SodiumCrypto
import TestSupport
import Testing

@testable import Backup

/// What was backed up comes back, all of it or nothing.
struct SnapshotTests {
  @Test("files of all sizes come back as they were, by the recovery key too, over random ones")
  func roundTrip() throws {
    let seed = SplitMix64.seed(of: "backup round trip")
    var random = SplitMix64(seed: seed)
    let bench = try BackupBench()
    var expected: [[String: Data]] = []
    for round in 0..<6 {
      for _ in 0..<5 {
        let size =
          [0, 1, 65_535, 65_536, 262_143, 262_144, 262_145, 900_000, 5_000_000]
          .randomElement(using: &random) ?? 0
        let name =
          "d\(Int.random(in: 0..<3, using: &random))/f\(Int.random(in: 0..<9, using: &random))"
        try bench.write(name, .random(size, &random))
      }
      try bench.write("base", .random(700_000 + round, &random))
      expected.append(try bench.tree("files"))
      #expect(try bench.back(bench.contents(database: "base")).sequence == round + 1)
    }
    let root = try BackupRepository.root(in: FolderStorage(path: bench.path), with: bench.recovery)
    let opened = try BackupRepository(in: FolderStorage(path: bench.path), root: root)
    for (index, files) in expected.enumerated() {
      try bench.restore(index + 1, to: "back\(index)", from: opened)
      let found = try bench.tree("back\(index)")
      var wanted: [String: Data] = [:]
      for (name, data) in files {
        wanted[(name == "base" ? "state/" : "workspace/") + name] = data
      }
      #expect(found == wanted, "seed \(seed), snapshot \(index + 1)")
    }
    #expect(try RepositoryCheck.run(opened, level: .data).isIntact)
  }

  @Test("what did not change is stored once, and what is inserted moves little")
  func storesChangesOnly() throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "backup changes"))
    let bench = try BackupBench()
    var content = Data.random(8 << 20, &random)
    try bench.write("large", content)
    let first = try bench.back()
    let again = try bench.back()
    #expect(again.stored == 0)
    content.insert(contentsOf: [1, 2, 3], at: 3_000_000)
    try bench.write("large", content)
    let third = try bench.back()
    #expect(third.stored < first.stored / 8, "\(third.stored) of \(first.stored)")
    try bench.write("base", content)
    try bench.back(bench.contents(database: "base"))
    content[4_000_000] ^= 1
    try bench.write("base", content)
    let changed = try bench.back(bench.contents(database: "base"))
    #expect(changed.stored <= RepositoryFormat.chunkLength + 2 * RepositoryFormat.padding)
  }

  @Test("one file, or one folder, can be had alone; another name is an error")
  func only() throws {
    let bench = try BackupBench()
    for name in ["a/one", "a/two", "ab"] { try bench.write(name, Data(name.utf8)) }
    try bench.back()
    let chain = try bench.repository.heads()
    _ = try SnapshotRestore(bench.repository, chain, sequence: 1, only: ["workspace/a"])
      .write(to: bench.folder("some"))
    #expect(try bench.tree("some").keys.sorted() == ["workspace/a/one", "workspace/a/two"])
    #expect(throws: ApplianceError.self) {
      _ = try SnapshotRestore(bench.repository, chain, sequence: 1, only: ["workspace/x"])
    }
    #expect(throws: ApplianceError.self) {
      _ = try SnapshotRestore(bench.repository, chain, sequence: 2)
    }
  }

  @Test("a target that is there stays as it is, whatever it is")
  func existingTarget() throws {
    let bench = try BackupBench()
    try bench.write("a", Data("a".utf8))
    try bench.back()
    try bench.folder.makeFolder("there")
    try FileManager.default.createSymbolicLink(
      atPath: bench.folder("link"), withDestinationPath: bench.folder("nowhere"))
    for name in ["there", "files", "link"] {
      #expect(throws: ApplianceError.self, "\(name)") { try bench.restore(1, to: name) }
    }
    #expect(try bench.tree("there").isEmpty)
    #expect(!FileManager.default.fileExists(atPath: bench.folder("nowhere")))
  }

  @Test("another key, another writer and a second repository in its place are refused")
  func foreign() throws {
    let bench = try BackupBench()
    try bench.write("a", Data("a".utf8))
    let head = try bench.back().head
    let (key, other) = (try SecretKey.random(), try RecipientKey.random())
    #expect(throws: ApplianceError.self) {
      try BackupRepository(in: FolderStorage(path: bench.path), root: key)
    }
    #expect(throws: ApplianceError.self) {
      try BackupRepository.root(in: FolderStorage(path: bench.path), with: other)
    }
    let signer = try SigningKey.random()
    #expect(throws: ApplianceError.self) {
      try SnapshotWriter.write(
        bench.contents(), SnapshotFacts(started: .noon), to: bench.repository,
        by: SnapshotAuthor(root: bench.root, signer: signer, recipients: [], known: nil),
        now: { .noon })
    }
    #expect(throws: ApplianceError.self) {
      try BackupRepository.create(
        in: FolderStorage(path: bench.path), root: bench.root, signer: bench.signer, recipients: [],
        at: .noon)
    }
    let second = try BackupBench()
    try second.write("a", Data("a".utf8))
    try second.back()
    #expect(throws: ApplianceError.self) {
      try second.repository.heads().require(head)
    }
  }

  @Test("an independent reader, made from the document, restores the same")
  func independentReader() throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "backup reader"))
    let bench = try BackupBench()
    for (index, size) in [0, 10, 300_000, 2_000_000].enumerated() {
      try bench.write("d/\(index)", .random(size, &random))
    }
    var base = Data.random(600_000, &random)
    // Deltas of several steps, and a prune that leaves only some of them.
    for version in 0..<8 {
      base[version * 70_000] ^= 1
      try bench.write("base", base)
      try bench.back(bench.contents(database: "base"))
    }
    _ = try RepositoryPrune.run(
      bench.repository, RetentionRule(last: 3, periods: [:]), signer: bench.signer, known: nil,
      verified: 8, now: .noon)
    base[1] ^= 1
    try bench.write("base", base)
    try bench.back(bench.contents(database: "base"))
    let digits = bench.root.withBytes { Hexadecimal.encode($0) }
    try Data(digits.utf8).write(to: URL(filePath: bench.folder("root")))
    let reader = URL(filePath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("reader.py").path
    for words in [
      ["verify", bench.path, bench.folder("root")],
      ["restore", bench.path, bench.folder("root"), bench.folder("back")],
    ] {
      let result = try Tool.run("python3", [reader] + words, in: bench.folder.path)
      #expect(!result.contains("Traceback"))
    }
    try bench.restore(10, to: "own")
    #expect(try bench.tree("back") == bench.tree("own"))
    // What is damaged in one place it reads from the other, and says so.
    for name in ["heads/0000000010", "copies/heads/0000000009"] {
      try bench.overwrite(name, Data(try bench.read(name).dropLast()))
    }
    let words = ["restore", bench.path, bench.folder("root"), bench.folder("again")]
    _ = try Tool.run("python3", [reader] + words, in: bench.folder.path)
    #expect(try bench.tree("again") == bench.tree("own"))
    #expect(throws: (any Error).self) {
      try Tool.run("python3", [reader, "verify"] + words[1...2], in: bench.folder.path)
    }
  }
}
