// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import SodiumCrypto
import TestSupport
import Testing

@testable import Backup

/// Writers that stop at each of their changes of the repository: it stays valid, nothing that counts
/// is lost, and the next one goes on without anybody's help.
struct InterruptedTests {
  private let bench: BackupBench
  private let day: TimeInterval = 86_400
  private let now = Date(timeIntervalSinceNow: 3_600)
  private var contents: [[String: Data]] = []

  /// Five snapshots, of which the first three were forgotten two days ago, with their files still
  /// there, and what an interrupted writer left before that.
  init() throws {
    bench = try BackupBench()
    var random = SplitMix64(seed: SplitMix64.seed(of: "backup interrupted"))
    var base = Data.random(600_000, &random)
    for version in 0..<5 {
      base[version * 90_000] ^= 1
      try bench.write("base", base)
      try bench.write("kept", Data("kept".utf8))
      try bench.write("large", .random(200_000, &random))
      contents.append(try bench.tree("files"))
      try bench.back(
        bench.contents(database: "base"),
        at: now.addingTimeInterval(day * Double(version - 10)))
      if version == 3 { _ = try prune(last: 1, at: now.addingTimeInterval(-2 * day)) }
    }
    for file in try bench.files() where file.contains("packs/") || file.contains("index/") {
      try FileManager.default.setAttributes(
        [.modificationDate: now.addingTimeInterval(-3 * day)],
        ofItemAtPath: bench.path + "/" + file)
    }
    try bench.folder.makeFolder("moment")
    try copy(bench.path, to: bench.folder("moment/repository"))
  }

  private func copy(_ source: String, to target: String) throws {
    // `try?`: the first time there is none.
    try? FileManager.default.removeItem(atPath: target)
    _ = try Tool.run("cp", ["-a", source, target], in: bench.folder.path)
  }

  private func prune(
    last: Int, at time: Date, in storage: (any BackupStorage)? = nil
  ) throws -> PruneReport {
    let repository =
      try storage.map { try BackupRepository(in: $0, root: bench.root) } ?? bench.repository
    return try RepositoryPrune.run(
      repository, RetentionRule(last: last, periods: [:]), signer: bench.signer, known: nil,
      verified: 100, now: time)
  }

  private func create(in storage: (any BackupStorage)? = nil, recipient: [UInt8]) throws {
    let repository =
      try storage.map { try BackupRepository(in: $0, root: bench.root) } ?? bench.repository
    _ = try SnapshotWriter.write(
      bench.contents(database: "base"), SnapshotFacts(started: now), to: repository,
      by: SnapshotAuthor(
        root: bench.root, signer: bench.signer,
        recipients: [bench.recovery.publicKey, recipient], known: nil), now: { now })
  }

  /// Everything that counts is there, and comes back as it was.
  private func requireSound(_ place: String) throws {
    let report = try RepositoryCheck.run(bench.repository, level: .data)
    #expect(report.isIntact, "\(place): \(report.damages)")
    let chain = try bench.repository.heads()
    #expect(chain.snapshots.contains { $0.sequence == 6 }, "\(place)")
    for head in chain.snapshots where head.sequence <= 6 {
      let target = "back-\(UUID().uuidString)"
      try bench.restore(head.sequence, to: target)
      // Head 5 is that of the prune.
      let wanted = contents[head.sequence > 5 ? 4 : head.sequence - 1].reduce(
        into: [String: Data]()
      ) {
        $0[($1.key == "base" ? "state/" : "workspace/") + $1.key] = $1.value
      }
      #expect(try bench.tree(target) == wanted, "\(place), snapshot \(head.sequence)")
    }
    #expect(
      try BackupRepository.root(in: bench.repository.storage, with: bench.recovery)
        .withBytes { Array($0) } == bench.root.withBytes { Array($0) })
  }

  @Test("a backup that stops anywhere leaves a valid repository, and the next one goes on")
  func createStops() throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "backup interrupted create"))
    try bench.write("large", .random(300_000, &random))
    let recipient = try RecipientKey.random().publicKey
    try sweep { storage in
      try create(in: storage, recipient: recipient)
    } afterwards: { place in
      let before = try bench.repository.heads().snapshots.count
      try create(recipient: recipient)
      #expect(try bench.repository.heads().snapshots.count == before + 1, "\(place)")
    }
  }

  @Test("a prune that stops anywhere loses nothing that is kept, and the next one goes on")
  func pruneStops() throws {
    try sweep { storage in
      // Removes what was released two days ago, and forgets one more.
      let report = try prune(last: 1, at: now, in: storage)
      #expect(report.forgotten == [4] && report.removed >= 6)
    } afterwards: { place in
      _ = try prune(last: 1, at: now)
      #expect(try bench.repository.heads().snapshots.map(\.sequence) == [6], "\(place)")
      let later = try prune(last: 1, at: now.addingTimeInterval(2 * day))
      #expect(later.forgotten.isEmpty, "\(place)")
    }
  }

  private func sweep(
    _ body: (any BackupStorage) throws -> Void, afterwards: (String) throws -> Void
  ) throws {
    let base = bench.repository.storage
    var change = 0
    var isOver = false
    while !isOver {
      change += 1
      for isMade in [false, true] {
        try copy(bench.folder("moment/repository"), to: bench.path)
        let place = "change \(change), \(isMade ? "made" : "not made")"
        do {
          try body(StoppingStorage(base, at: change, isMade: isMade))
          isOver = true
        } catch is StoppingStorage.Stopped {
          try requireSound(place)
        }
        try afterwards(place)
        try requireSound(place)
      }
    }
    #expect(change > 6, "\(change)")
    print("backup stops: \(change - 1) changes, each before and after")
  }
}
