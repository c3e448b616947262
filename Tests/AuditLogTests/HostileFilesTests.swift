// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import SodiumCrypto
import TestSupport
import Testing

@testable import AuditLog

/// Whatever stands in the files of a log: nothing traps, and nothing that was changed is intact.
struct HostileFilesTests {
  private let bench: LogBench

  init() throws {
    bench = try LogBench()
    try bench.fill(8, sealEvery: 3)
    try bench.trail.seal(at: LogBench.start.addingTimeInterval(8))
  }

  private static let numbers = [
    "18446744073709551615", "18446744073709551616", "9223372036854775807", "4611686018427387903",
    "-1", "1e400", "99999999999999999999999", "00",
  ]

  @Test func changedFilesNeverTrapAndAreFound() throws {
    var random = SplitMix64(seed: SplitMix64.seed(of: "HostileFilesTests"))
    let paths = try bench.paths + [bench.files.key, bench.files.anchor, bench.files.origin]
    let files = try Dictionary(
      uniqueKeysWithValues: paths.map { ($0, try Data(contentsOf: URL(fileURLWithPath: $0))) })
    for round in 0..<120 {
      let path = paths[round % paths.count]
      let old = try #require(files[path])
      let new = Self.mutate(old, &random)
      try new.write(to: URL(fileURLWithPath: path))
      if new != old, path != bench.files.origin, try !saysTheSame(old, path) {
        #expect(!isIntact(), "round \(round): \(path)")
      }
      useAll()
      for (path, bytes) in files { try bytes.write(to: URL(fileURLWithPath: path)) }
    }
    #expect(try bench.verdict().isIntact)
  }

  /// Spaces between the words of the anchor are nothing.
  private func saysTheSame(_ old: Data, _ path: String) throws -> Bool {
    guard path == bench.files.anchor else { return false }
    let before = try ApplianceJSON.decode(AuditFiles.Anchor.self, from: old)
    // `try?`: what cannot be read is something else.
    return (try? bench.files.readAnchor()) == before
  }

  private func isIntact() -> Bool {
    // `try?`: what cannot be read is not intact.
    (try? bench.verdict())?.isIntact == true
  }

  private func useAll() {
    let archive = AuditArchive(bench.files)
    // `try?`: any error will do, a trap will not.
    _ = try? archive.newest(5)
    if let key = try? SigningKey.random() { _ = try? archive.proof(of: "3", at: .now, by: key) }
    try? AuditTrail(bench.files).record([bench.event(1)], at: LogBench.start)
    _ = try? AuditTrail(bench.files).seal(at: LogBench.start)
  }

  private static func mutate(_ data: Data, _ random: inout SplitMix64) -> Data {
    var bytes = [UInt8](data)
    let place = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes.removeSubrange(place...)
    case 2: bytes.insert(0x0A, at: place)
    case 3: return swapped(data, &random)
    default: return exaggerated(bytes, from: place, numbers.randomElement(using: &random) ?? "")
    }
    return Data(bytes)
  }

  private static func swapped(_ data: Data, _ random: inout SplitMix64) -> Data {
    var lines = data.split(separator: 0x0A, omittingEmptySubsequences: false).map { Data($0) }
    let (one, other) = (
      lines.indices.randomElement(using: &random) ?? 0,
      lines.indices.randomElement(using: &random) ?? 0
    )
    lines.swapAt(one, other)
    return Data(lines.joined(separator: [0x0A]))
  }

  /// Replaces the first number from a place on.
  private static func exaggerated(_ bytes: [UInt8], from place: Int, _ number: String) -> Data {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard let begin = bytes[place...].firstIndex(where: { digits.contains($0) }) else {
      return Data([UInt8](repeating: 0xFF, count: bytes.count))
    }
    let end = bytes[begin...].firstIndex { !digits.contains($0) } ?? bytes.endIndex
    return Data(bytes[..<begin] + Array(number.utf8) + bytes[end...])
  }

  @Test(arguments: [
    "18446744073709551615.jsonl", "+0000000000000000005.jsonl", "-0000000000000000000.jsonl",
    "04611686018427387903.jsonl",
  ])
  func fileWithAHugeNumberDoesNotTrap(name: String) throws {
    try Data("{}\n{}\n".utf8).write(to: URL(fileURLWithPath: "\(bench.files.folder)/\(name)"))
    let isSegment = try bench.files.segments().count == 2
    #expect(try bench.verdict().isIntact == !isSegment)
    useAll()
  }

  @Test(arguments: [UInt64.max, UInt64.max - 1, UInt64(1) << 62])
  func keyAndSealWithAHugeNumberDoNotTrap(epoch: UInt64) throws {
    let keys = SealingKeys(epoch: epoch, current: try .random(), next: try .random())
    let kept = try Data(contentsOf: URL(fileURLWithPath: bench.files.key))
    try bench.files.write(keys)
    #expect(!isIntact())
    useAll()
    try kept.write(to: URL(fileURLWithPath: bench.files.key))
    try bench.change { lines in
      lines[4] = lines[4].replacingOccurrences(of: "\"epoch\":0", with: "\"epoch\":\(epoch)")
    }
    #expect(!isIntact())
    try bench.change { $0 = Array($0.prefix(5)) }
    useAll()
    #expect(!isIntact())
  }

  @Test func longTextsOfAnyKindFitIntoALine() throws {
    let texts = [
      String(repeating: "\u{1}", count: 5_000), "a" + String(repeating: "\u{301}", count: 90_000),
      String(repeating: "\"\\", count: 9_000), String(repeating: "😀", count: 400),
    ]
    for text in texts {
      let details = Dictionary(uniqueKeysWithValues: (0..<40).map { (text + "\($0)", text) })
      let event = AuditEvent(
        .toolCall, by: text, on: text, .done, at: LogBench.start, rule: text, commit: text,
        trace: text, details: details)
      try bench.trail.record([event], at: LogBench.start)
      #expect(event.actor.utf8.count <= 512)
    }
    #expect(try bench.verdict().isIntact)
  }
}
