// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Backup

/// Whatever happens to a repository is noticed, and named.
struct DamageTests {
  private let bench: BackupBench
  private let before: [String: Data]
  private let known: KnownHead?

  init() throws {
    bench = try BackupBench()
    var random = SplitMix64(seed: SplitMix64.seed(of: "backup damage"))
    for round in 0..<3 {
      try bench.write("file\(round)", .random(400_000, &random))
      try bench.write("base", .random(300_000, &random))
      try bench.back(bench.contents(database: "base"))
    }
    before = try bench.tree("repository")
    known = try bench.repository.heads().newest
  }

  private func put(back name: String) throws {
    if let content = before[name] { try bench.overwrite(name, content) }
  }

  /// What a check of everything says, by somebody who knows the newest head; the error where not even heads can be trusted.
  private func problems() -> [String] {
    do {
      let opened = try BackupRepository(in: FolderStorage(path: bench.path), root: bench.root)
      let report = try RepositoryCheck.run(opened, level: .data, known: known)
      return report.damages.map { "\($0.file): \($0.problem) \($0.snapshots)" }
    } catch {
      return ["\(ApplianceError.of(error).message)"]
    }
  }

  private func isRestorable(_ sequence: Int) -> Bool {
    let target = "try\(sequence)-\(UUID().uuidString)"
    do {
      let opened = try BackupRepository(in: FolderStorage(path: bench.path), root: bench.root)
      try bench.restore(sequence, to: target, from: opened)
      return true
    } catch {
      #expect(!FileManager.default.fileExists(atPath: bench.folder(target)))
      return false
    }
  }

  @Test("every one of a thousand single bits that flip is found, in its file")
  func bitFlips() throws {
    let seed = SplitMix64.seed(of: "backup bit flips")
    var random = SplitMix64(seed: seed)
    let names = before.keys.sorted()
    #expect(names.count >= 13)
    for round in 0..<1_000 {
      let name = names[round % names.count]
      var content = try #require(before[name])
      let bit = Int.random(in: 0..<content.count * 8, using: &random)
      content[bit / 8] ^= 1 << (bit % 8)
      try bench.overwrite(name, content)
      let problems = problems()
      let place = "seed \(seed), bit \(bit) of \(name)"
      #expect(!problems.isEmpty, "\(place)")
      if name != "config" {
        #expect(problems.contains { $0.contains(name) }, "\(place): \(problems)")
      }
      try put(back: name)
    }
    #expect(problems().isEmpty)
  }

  @Test("a flipped bit of a key slot keeps the recovery key from opening, and says so")
  func keySlot() throws {
    let name = try #require(before.keys.first { $0.hasPrefix("keys/") })
    var content = try #require(before[name])
    let at = try #require(content.firstRange(of: Data("\"root\"".utf8))?.upperBound) + 10
    content[at] = content[at] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
    try bench.overwrite(name, content)
    #expect(throws: ApplianceError.self) {
      try BackupRepository.root(in: FolderStorage(path: bench.path), with: bench.recovery)
    }
  }

  @Test("files that are gone, cut, lengthened or exchanged are found, and the rest restores")
  func files() throws {
    let names = before.keys.filter { !$0.hasPrefix("keys/") && $0 != "config" }.sorted()
    for (index, name) in names.enumerated() {
      let content = try #require(before[name])
      let other = before[names[(index + 1) % names.count]] ?? Data()
      for changed in [nil, content.dropLast(), content + [0], other, Data()] {
        // That is where its writer may have been interrupted.
        if changed == nil, name == "copies/heads/0000000003" { continue }
        if let changed {
          try bench.overwrite(name, Data(changed))
        } else {
          try FileManager.default.removeItem(atPath: bench.path + "/" + name)
        }
        let problems = problems()
        #expect(!problems.isEmpty, "\(name), \(changed?.count ?? -1) bytes")
        // Of heads and indexes there is another file.
        if name.contains("heads/") || name.contains("index/") {
          for all in 1...3 { #expect(isRestorable(all), "\(name), \(all)") }
        }
        if name.hasPrefix("snapshots/") {
          let digits = String(name.dropFirst("snapshots/".count).prefix(10))
          let sequence = try #require(RepositoryFormat.sequence(of: digits))
          for all in 1...3 { #expect(isRestorable(all) == (all != sequence), "\(name), \(all)") }
        }
        try put(back: name)
      }
    }
    #expect((1...3).allSatisfy(isRestorable))
  }

  @Test("a newest snapshot that was taken away, or an older repository, is known by its head")
  func rewound() throws {
    let known = try #require(known)
    #expect(KnownHead(known.description) == known)
    // Who takes the newest head away has to take its copy too.
    try FileManager.default.removeItem(atPath: bench.path + "/heads/0000000003")
    #expect(try bench.repository.heads().newest == known)
    for name in before.keys where name.contains("/0000000003") && !name.hasPrefix("heads") {
      try FileManager.default.removeItem(atPath: bench.path + "/" + name)
    }
    let chain = try bench.repository.heads()
    #expect(chain.heads.count == 2)
    let error = #expect(throws: ApplianceError.self) { try chain.require(known) }
    #expect(error?.code == .backupRewound)
    let write = #expect(throws: ApplianceError.self) { try bench.back(known: known) }
    #expect(write?.code == .backupRewound)
    // Somebody who writes on from there makes another head of that number.
    try bench.back()
    let forked = try bench.repository.heads()
    #expect(throws: ApplianceError.self) { try forked.require(known) }
  }

  @Test("what a check found damaged is stored again, and the repository is intact again")
  func damagedPackHeals() throws {
    let pack = try #require(
      try bench.repository.chunks(try bench.repository.heads()).index.packs.last)
    let name = RepositoryFormat.pack(pack.name)
    var content = try #require(before[name])
    content[100] ^= 1
    try bench.overwrite(name, content)
    let damaged = try RepositoryCheck.run(bench.repository, level: .data)
    #expect(damaged.damages.map(\.file) == [name] && damaged.damages[0].snapshots == [3])
    try bench.back(bench.contents(database: "base"), lost: [name])
    #expect(isRestorable(3) && isRestorable(4))
    // Nothing lies in the damaged pack any more that anybody looks for.
    let healed = try RepositoryCheck.run(bench.repository, level: .data)
    #expect(healed.isIntact, "\(healed.damages)")
  }

  @Test("names that lead out of a repository are written, copied and removed by nobody")
  func strangeNames() throws {
    let storage = FolderStorage(path: bench.path)
    for name in [
      "../x", "heads/../../x", "/x", "heads//x", "", "heads/.", "heads/a\u{0}", "heads/é",
    ] {
      #expect(throws: ApplianceError.self, "\(name)") { try storage.add(name, [1]) }
      #expect(throws: ApplianceError.self, "\(name)") { try storage.remove(name) }
    }
    #expect(!FileManager.default.fileExists(atPath: bench.folder("x")))
    let copy = bench.folder("copy")
    try RepositoryCopy.make(from: storage, to: copy)
    let copied = try BackupRepository(in: FolderStorage(path: copy), root: bench.root)
    #expect(try RepositoryCheck.run(copied, level: .data, known: known).isIntact)
  }

  @Test("a file that anybody could add keeps nobody from opening, and costs nothing")
  func strangeFiles() throws {
    let slot = try #require(before.keys.first { $0.hasPrefix("keys/") })
    let bytes = try #require(before[slot])
    try bench.overwrite("keys/0", Data(repeating: 7, count: 70_000))
    try bench.overwrite("keys/00", bytes + Data(" ".utf8))
    let root = try BackupRepository.root(
      in: FolderStorage(path: bench.path), with: bench.recovery)
    #expect(root.withBytes { Array($0) } == bench.root.withBytes { Array($0) })
    try bench.overwrite("heads/9999999999", Data())
    let error = #expect(throws: ApplianceError.self) { try bench.repository.heads() }
    #expect(error?.message.contains("heads/9999999999") == true)
  }

  @Test("heads and indexes that are damaged come back from their other file with the next snapshot")
  func mends() throws {
    let names = before.keys.filter { $0.contains("heads/") || $0.contains("index/") }.sorted()
    #expect(names.count == 12)
    for (index, name) in names.enumerated() {
      // One of each pair: cut, gone, or with one bit changed.
      guard (index < 6) == (index % 2 == 0) else { continue }
      var content = try #require(before[name])
      content[content.count / 2] ^= 4
      switch index % 3 {
      case 0: try FileManager.default.removeItem(atPath: bench.path + "/" + name)
      case 1: try bench.overwrite(name, content)
      default: try bench.overwrite(name, content.dropLast(3))
      }
    }
    #expect((1...3).allSatisfy(isRestorable))
    #expect(try bench.back(bench.contents(database: "base"), known: known).damages.count == 6)
    #expect(try RepositoryCheck.run(bench.repository, level: .data).isIntact)
    for name in names { #expect(try bench.read(name) == before[name], "\(name)") }
  }

  @Test("a head whose copy its writer did not get to is no damage, and gets it with the next")
  func uncopiedHead() throws {
    try FileManager.default.removeItem(atPath: bench.path + "/copies/heads/0000000003")
    #expect(problems().isEmpty)
    try bench.back(bench.contents(database: "base"))
    #expect(try bench.read("copies/heads/0000000003") == before["heads/0000000003"])
    #expect(try RepositoryCheck.run(bench.repository, level: .data).isIntact)
  }

  @Test("what lay in a pack that is gone is stored again, and old snapshots restore")
  func heals() throws {
    for name in before.keys where name.hasPrefix("packs/") {
      try FileManager.default.removeItem(atPath: bench.path + "/" + name)
    }
    #expect((1...3).allSatisfy { !isRestorable($0) })
    try bench.back(bench.contents(database: "base"))
    #expect(isRestorable(3) && isRestorable(4) && !isRestorable(1))
    let report = try RepositoryCheck.run(bench.repository, level: .data)
    let hurt = Set(report.damages.flatMap(\.snapshots))
    #expect(hurt == [1, 2], "\(report.damages)")
  }

  @Test("what an interrupted writer left counts for nothing, and hinders nobody")
  func interrupted() throws {
    for name in ["heads/0000000003", "copies/heads/0000000003"] {
      try FileManager.default.removeItem(atPath: bench.path + "/" + name)
    }
    for name in ["tmp/1-left", "packs/00/\(String(repeating: "0", count: 64))"] {
      try FileManager.default.createDirectory(
        atPath: bench.path + "/packs/00", withIntermediateDirectories: true)
      try bench.overwrite(name, Data("left".utf8))
    }
    let left = try RepositoryCheck.run(bench.repository, level: .data)
    #expect(left.isIntact && left.snapshots == 2)
    let report = try bench.back(bench.contents(database: "base"))
    #expect(report.sequence == 3)
    #expect((1...3).allSatisfy(isRestorable))
  }
}
