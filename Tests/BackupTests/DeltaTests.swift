// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import SodiumCrypto
import TestSupport
import Testing

@testable import Backup

/// Changed chunks of a database are stored as what is different.
struct DeltaTests {
  private func places(_ bench: BackupBench) throws -> ChunkIndex {
    try bench.repository.chunks(try bench.repository.heads()).index
  }

  private func chunks(_ bench: BackupBench, _ sequence: Int) throws -> [HashValue] {
    let chain = try bench.repository.heads()
    let head = try #require(chain.snapshot(sequence))
    let manifest = try bench.repository.manifest(head)
    return try #require(manifest.files.first { $0.path == "state/base" }).chunks
      .compactMap { HashValue(hexadecimal: $0) }
  }

  @Test("a hundred versions restore, none more than six steps from one that is whole")
  func versions() throws {
    let seed = SplitMix64.seed(of: "backup deltas")
    var random = SplitMix64(seed: seed)
    let bench = try BackupBench()
    var content = Data.random(600_000, &random)
    var versions: [Data] = []
    for _ in 0..<100 {
      for _ in 0..<20 {
        content[Int.random(in: 0..<content.count, using: &random)] ^= UInt8.random(
          in: 1...255, using: &random)
      }
      if Bool.random(using: &random) { content.append(.random(5_000, &random)) }
      versions.append(content)
      try bench.write("base", content)
      try bench.back(bench.contents(database: "base"))
    }
    let index = try places(bench)
    var deltas = 0
    for sequence in 1...100 {
      for id in try chunks(bench, sequence) {
        let chain = try index.chain(id)
        #expect(chain.count <= 7, "seed \(seed), snapshot \(sequence)")
        let generation = try #require(index.places[id]).generation
        #expect(chain.count == generation.nonzeroBitCount + 1)
        deltas += chain.count > 1 ? 1 : 0
      }
    }
    #expect(deltas > 150, "\(deltas)")
    for sequence in [1, 2, 33, 63, 64, 65, 66, 99, 100] {
      try bench.restore(sequence, to: "back\(sequence)")
      let found = try bench.tree("back\(sequence)")["state/base"]
      #expect(found == versions[sequence - 1], "seed \(seed), snapshot \(sequence)")
    }
    #expect(try RepositoryCheck.run(bench.repository, level: .data).isIntact)
  }

  @Test("a page that changed costs little, and content that is all new is stored whole")
  func sizes() throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "backup delta sizes"))
    let bench = try BackupBench()
    var content = Data.random(8 << 20, &random)
    try bench.write("base", content)
    let first = try bench.back(bench.contents(database: "base"))
    for page in 0..<32 { content[page * 262_144 + 5_000] ^= 1 }
    try bench.write("base", content)
    let second = try bench.back(bench.contents(database: "base"))
    #expect(second.stored <= 65_536, "\(second.stored) after \(first.stored)")
    try bench.write("base", .random(8 << 20, &random))
    let third = try bench.back(bench.contents(database: "base"))
    #expect(third.stored >= 8 << 20)
    let index = try places(bench)
    #expect(try chunks(bench, 2).allSatisfy { index.places[$0]?.generation == 1 })
    #expect(try chunks(bench, 3).allSatisfy { index.places[$0]?.base == nil })
  }

  @Test("damage of what many versions refer to is told for each of them, and is healed")
  func damagedBase() throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "backup delta damage"))
    let bench = try BackupBench()
    var content = Data.random(500_000, &random)
    for version in 0..<4 {
      content[1_000 + version] ^= 1
      try bench.write("base", content)
      try bench.back(bench.contents(database: "base"))
    }
    let base = try #require(try chunks(bench, 1).first)
    let index = try places(bench)
    let place = try #require(index.places[base])
    let pack = RepositoryFormat.pack(index.packs[place.pack].name)
    var bytes = try bench.read(pack)
    bytes[place.offset + 100] ^= 1
    try bench.overwrite(pack, bytes)
    let report = try RepositoryCheck.run(bench.repository, level: .data)
    #expect(report.damages.map(\.file) == [pack])
    #expect(report.damages.first?.snapshots == [1, 2, 3, 4])
    for sequence in 1...4 {
      let error = #expect(throws: ApplianceError.self) {
        try bench.restore(sequence, to: "none\(sequence)")
      }
      #expect(error?.message.contains(pack) == true)
    }
    // A pack that is gone is missed by the next snapshot, which stores everything that it needs.
    try FileManager.default.removeItem(atPath: bench.path + "/" + pack)
    try bench.back(bench.contents(database: "base"))
    try bench.restore(5, to: "back5")
    #expect(try bench.tree("back5")["state/base"] == content)
    try bench.restore(4, to: "back4")
  }

  @Test("deltas that lead nowhere, in circles or too far are refused")
  func hostileIndexes() throws {
    func id(_ number: Int) -> HashValue { ContentHash.of([UInt8(number)]) }
    func index(_ chunks: [(Int, Int?)]) throws -> ChunkIndex {
      var index = ChunkIndex()
      try index.add(
        PackIndex(packs: [
          .init(
            name: id(200).hexadecimal, size: 65_536,
            chunks: chunks.map { chunk, base in
              ChunkPlace(
                id: id(chunk).hexadecimal, offset: 0, size: 100, length: 10,
                base: base.map { id($0).hexadecimal }, generation: base.map { _ in 1 })
            })
        ]), sequence: 1)
      return index
    }
    #expect(throws: ApplianceError.self) { try index([(1, 2)]).chain(id(1)) }
    #expect(throws: ApplianceError.self) { try index([(1, 2), (2, 1)]).chain(id(1)) }
    #expect(throws: ApplianceError.self) { try index([(1, 1)]).chain(id(1)) }
    let long = (0..<16).map { ($0, $0 == 0 ? nil : Optional($0 - 1)) }
    #expect(try index(long).chain(id(15)).count == 16)
    #expect(throws: ApplianceError.self) { try index(long + [(16, 15)]).chain(id(16)) }
    for (base, generation) in [
      (nil, 1), (id(2).hexadecimal, nil), (id(2).hexadecimal, 0), (id(2).hexadecimal, 64),
      ("x", 1),
    ] as [(String?, Int?)] {
      var index = ChunkIndex()
      let place = ChunkPlace(
        id: id(1).hexadecimal, offset: 0, size: 100, length: 10, base: base, generation: generation)
      let pack = PackIndex.Pack(name: id(200).hexadecimal, size: 65_536, chunks: [place])
      #expect(throws: ApplianceError.self) {
        try index.add(PackIndex(packs: [pack]), sequence: 1)
      }
    }
  }
}
