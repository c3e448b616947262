// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Backup

/// What is forgotten is given back, and nothing else.
struct PruneTests {
  private let bench: BackupBench
  private let day: TimeInterval = 86_400
  private var versions: [[String: Data]] = []
  private let now: Date

  init() throws {
    bench = try BackupBench()
    now = Date(timeIntervalSinceNow: 120)
    var random = SplitMix64(seed: SplitMix64.seed(of: "backup prune"))
    var base = Data.random(700_000, &random)
    for version in 0..<8 {
      base[version * 50_000] ^= 1
      try bench.write("base", base)
      try bench.write("kept", .random(100_000, &random))
      try bench.write("large", .random(1_500_000, &random))
      versions.append(try bench.tree("files"))
      try bench.back(
        bench.contents(database: "base"), at: now.addingTimeInterval(day * Double(version - 8)))
    }
  }

  private func prune(
    last: Int = 2, verified: Int? = 100, despiteShrink: Bool = false, isDry: Bool = false,
    at time: Date? = nil
  ) throws -> PruneReport {
    try RepositoryPrune.run(
      bench.repository, RetentionRule(last: last, periods: [:]), signer: bench.signer, known: nil,
      verified: verified, despiteShrink: despiteShrink, isDry: isDry, now: time ?? now)
  }

  private func isRestored(_ sequence: Int) throws -> Bool {
    let target = "back-\(UUID().uuidString)"
    try bench.restore(sequence, to: target)
    let wanted = versions[sequence - 1].reduce(into: [String: Data]()) {
      $0[($1.key == "base" ? "state/" : "workspace/") + $1.key] = $1.value
    }
    return try bench.tree(target) == wanted
  }

  private var packBytes: Int {
    get throws {
      try bench.repository.storage.files(in: "packs").reduce(0) { $0 + $1.size }
    }
  }

  @Test("forgotten snapshots are gone at once, their bytes after the grace, and others restore")
  func twoSteps() throws {
    let before = try packBytes
    let dry = try prune(isDry: true)
    #expect(dry.forgotten == Array(1...6) && dry.head?.sequence == 8)
    let report = try prune()
    #expect(report.forgotten == Array(1...6))
    #expect(report.released > 6 * 1_500_000)
    #expect(report.head?.sequence == 9)
    let chain = try bench.repository.heads()
    #expect(chain.snapshots.map(\.sequence) == [7, 8])
    #expect(throws: ApplianceError.self) { try bench.restore(3, to: "back3") }
    #expect(try packBytes >= before)
    #expect(try isRestored(7) && isRestored(8))
    // What was written meanwhile stays; what was superfluous goes once nobody can be reading it.
    #expect(try prune(at: now.addingTimeInterval(day - 10)).removed == 0)
    try bench.back(bench.contents(database: "base"), at: now.addingTimeInterval(day))
    let later = try prune(last: 3, at: now.addingTimeInterval(day + 10))
    #expect(later.removed > 0 && later.forgotten.isEmpty)
    #expect(try packBytes < before / 2)
    #expect(try isRestored(7) && isRestored(8))
    #expect(try RepositoryCheck.run(bench.repository, level: .data).isIntact)
    try bench.write("base", versions[0]["base"] ?? Data())
    #expect(try bench.back(bench.contents(database: "base")).sequence == 11)
    #expect(try prune(last: 3, at: now.addingTimeInterval(day + 20)).removed == 0)
  }

  @Test("what an interrupted writer left goes too, and what one is writing now stays")
  func orphans() throws {
    let old = "packs/aa/\(String(repeating: "a", count: 64))"
    let new = "packs/bb/\(String(repeating: "b", count: 64))"
    for name in ["aa", "bb"] {
      try FileManager.default.createDirectory(
        atPath: bench.path + "/packs/\(name)", withIntermediateDirectories: true)
    }
    for name in [old, new, "tmp/1-left", "snapshots/0000000003-aaaaaaaaaaaaaaaa"] {
      try bench.overwrite(name, Data("left".utf8))
    }
    for name in [old, "tmp/1-left", "snapshots/0000000003-aaaaaaaaaaaaaaaa"] {
      try FileManager.default.setAttributes(
        [.modificationDate: now.addingTimeInterval(-2 * day)], ofItemAtPath: bench.path + "/" + name
      )
    }
    // The head of the prune is older than the grace, and than the pack of whoever is writing.
    _ = try prune(at: now.addingTimeInterval(-day - 60))
    let report = try prune()
    #expect(report.removed >= 3)
    let left = try bench.files()
    #expect(!left.contains(old) && left.contains(new) && !left.contains("tmp/1-left"))
    #expect(try isRestored(7) && isRestored(8))
  }

  @Test("nothing is forgotten after a snapshot that shrank, until somebody says so")
  func shrink() throws {
    for name in ["large", "kept"] { try bench.write(name, Data()) }
    try bench.back(bench.contents(database: "base"))
    let frozen = try prune()
    #expect(frozen.forgotten.isEmpty && frozen.frozen?.contains("snapshot 9") == true)
    #expect(frozen.decisions.contains { $0.reasons == ["frozen"] })
    #expect(try bench.repository.heads().snapshots.count == 9)
    #expect(try prune(despiteShrink: true).forgotten == Array(1...7))
    try bench.back(bench.contents(database: "base"))
    #expect(try prune().forgotten == [8])
  }

  @Test("small packs are left as they are, whatever is pruned how often")
  func smallPacks() throws {
    let bench = try BackupBench()
    var random = SplitMix64(seed: SplitMix64.seed(of: "backup small packs"))
    try bench.write("kept", .random(400_000, &random))
    for version in 0..<12 {
      try bench.write("small", .random(12_000, &random))
      try bench.back(bench.contents(), at: now.addingTimeInterval(Double(version)))
      let report = try RepositoryPrune.run(
        bench.repository, RetentionRule(last: 5, periods: [:]), signer: bench.signer, known: nil,
        verified: 1_000, now: now.addingTimeInterval(Double(version)))
      #expect(report.rewritten == 0, "\(version)")
    }
    #expect(try bench.repository.heads().snapshots.count == 5)
    #expect(try RepositoryCheck.run(bench.repository, level: .data).isIntact)
  }

  @Test("a little less each time adds up to a shrink")
  func slowShrink() throws {
    let bench = try BackupBench()
    for size in [1_000_000, 700_000, 520_000, 400_000] {
      try bench.write("file", Data(repeating: 1, count: size))
      try bench.back(bench.contents(), at: now)
    }
    let report = try RepositoryPrune.run(
      bench.repository, RetentionRule(last: 1, periods: [:]), signer: bench.signer, known: nil,
      verified: 100, now: now)
    #expect(report.frozen?.contains("of 1000000 bytes") == true && report.forgotten.isEmpty)
  }

  @Test("prunes between small shrinks do not hide what they add up to")
  func slowShrinkBetweenPrunes() throws {
    let bench = try BackupBench()
    var forgotten: [Int] = []
    var frozen: [Int] = []
    for round in 0..<10 {
      try bench.write("file", Data(repeating: 1, count: 1_000_000 - round * 80_000))
      try bench.back(bench.contents(), at: now)
      let report = try RepositoryPrune.run(
        bench.repository, RetentionRule(last: 2, periods: [:]), signer: bench.signer, known: nil,
        verified: 1_000, now: now)
      forgotten += report.forgotten
      if report.frozen != nil { frozen.append(round) }
    }
    // From 480,000 bytes on there is less than half.
    #expect(frozen == [7, 8, 9], "\(frozen)")
    #expect(!forgotten.isEmpty)
    let accepted = try RepositoryPrune.run(
      bench.repository, RetentionRule(last: 2, periods: [:]), signer: bench.signer, known: nil,
      verified: 1_000, despiteShrink: true, now: now)
    #expect(accepted.frozen == nil && !accepted.forgotten.isEmpty)
    try bench.back(bench.contents(), at: now)
    let later = try RepositoryPrune.run(
      bench.repository, RetentionRule(last: 2, periods: [:]), signer: bench.signer, known: nil,
      verified: 1_000, now: now)
    #expect(later.frozen == nil)
  }

  @Test("a snapshot that is not whole takes no other one's place, and ages like others")
  func broken() throws {
    let rule = RetentionRule(last: 1, periods: [:])
    let snapshots = (1...4).map {
      RetainedSnapshot(
        sequence: $0, time: now.addingTimeInterval(Double($0)), size: 1, rows: 1)
    }
    let kept = rule.decide(
      snapshots, verified: 4, broken: [4], now: now.addingTimeInterval(10)
    ).filter(\.isKept).map(\.sequence)
    #expect(kept == [3, 4])
  }

  @Test("a damaged or older repository, and another writer, remove nothing")
  func refusals() throws {
    let files = try bench.files()
    let index = try #require(files.first { $0.hasPrefix("index/0000000004") })
    let bytes = try bench.read(index)
    try bench.overwrite(index, Data(bytes.dropLast()))
    let damaged = #expect(throws: ApplianceError.self) { try prune() }
    #expect(damaged?.code == .backupDamaged)
    try bench.overwrite(index, bytes)
    let known = try #require(try bench.repository.heads().newest)
    let rewound = #expect(throws: ApplianceError.self) {
      try RepositoryPrune.run(
        bench.repository, RetentionRule(last: 1, periods: [:]), signer: bench.signer,
        known: KnownHead(sequence: known.sequence + 1, hash: known.hash), verified: 8, now: now)
    }
    #expect(rewound?.code == .backupRewound)
    let foreign = #expect(throws: ApplianceError.self) {
      try RepositoryPrune.run(
        bench.repository, RetentionRule(last: 1, periods: [:]), signer: try .random(), known: nil,
        verified: 8, now: now)
    }
    #expect(foreign?.code == .backupKey)
    #expect(try bench.files() == files)
  }

  @Test("a prune that was taken away shows to who knows its head")
  func rewound() throws {
    let known = try prune().head
    for name in ["heads/0000000009", "copies/heads/0000000009"] {
      try FileManager.default.removeItem(atPath: bench.path + "/" + name)
    }
    #expect(throws: ApplianceError.self) { try bench.repository.heads().require(known) }
    #expect(try isRestored(1))
  }
}
