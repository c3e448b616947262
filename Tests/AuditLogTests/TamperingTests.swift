// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import SodiumCrypto
import Testing

@testable import AuditLog

/// Every way to change a log afterwards is found and named.
struct TamperingTests {
  private let bench: LogBench

  init() throws {
    bench = try LogBench()
    // Lines 0 (begin), 1 to 10, 11 (seal), 12 to 21, 22 (seal), 23 to 27.
    try bench.fill(25, sealEvery: 10)
  }

  private func damages() throws -> [AuditFinding.Damage] {
    let findings = try bench.verdict().findings
    return findings.map(\.damage)
  }

  private func first() throws -> AuditFinding { try #require(try bench.verdict().findings.first) }

  @Test(arguments: [0, 1, 5, 10, 15, 21, 23, 26])
  func editedLineIsNamed(line: Int) throws {
    try bench.change { $0[line] = $0[line].replacingOccurrences(of: "\"done\"", with: "\"dona\"") }
    let finding = try first()
    #expect(finding.damage == .edited)
    #expect(finding.sequence == UInt64(line))
    #expect(try bench.verdict().findings.count == 1)
  }

  @Test(arguments: [11, 22])
  func editedSealIsNamed(line: Int) throws {
    try bench.change {
      $0[line] = $0[line].replacingOccurrences(of: "\"size\":", with: "\"size\":1")
    }
    #expect(try first().sequence == UInt64(line))
    #expect(try damages().contains(.forged))
  }

  @Test(arguments: [1, 7, 12, 20, 24])
  func removedLineIsNamed(line: Int) throws {
    try bench.change { $0.remove(at: line) }
    let finding = try first()
    #expect(finding.damage == .removed)
    #expect(finding.sequence == UInt64(line))
  }

  @Test func insertedLineIsNamed() throws {
    try bench.change { $0.insert($0[5], at: 15) }
    let finding = try first()
    #expect(finding.damage == .inserted)
    #expect(finding.sequence == 15)
  }

  @Test func reorderedLinesAreNamed() throws {
    try bench.change { $0.swapAt(5, 6) }
    let finding = try first()
    #expect(finding.damage == .reordered)
    #expect(finding.sequence == 5)
  }

  @Test(arguments: [3, 11, 12, 20, 22])
  func cutEndIsNamed(kept: Int) throws {
    try bench.change { $0 = Array($0.prefix(kept)) }
    #expect(try damages().contains(.truncated))
  }

  /// Whoever computes the chain anew does not get past the next seal.
  @Test(arguments: [2, 8, 14])
  func rewrittenLinesAreNamed(line: Int) throws {
    try bench.change { $0[line] = $0[line].replacingOccurrences(of: "alice", with: "mallo") }
    try bench.rechain()
    let finding = try first()
    #expect(finding.damage == .rewritten)
    #expect(finding.sequence == (line < 11 ? 0 : 12))
  }

  @Test func removedAndRewrittenLinesAreNamed() throws {
    try bench.change { $0.remove(at: 4) }
    try bench.rechain()
    #expect(try first().damage == .rewritten)
  }

  /// Who took the present key cannot seal what was sealed before.
  @Test func stolenKeyDoesNotRewriteThePast() throws {
    let stolen = try #require(try bench.files.readKeys())
    var state = AuditState()
    var lines: [String] = []
    for text in try bench.lines().prefix(11) {
      let bytes = Array(text.replacingOccurrences(of: "alice", with: "mallo").utf8)
      let line = try #require(bytes.withUnsafeBytes { AuditLine($0) })
      let made = AuditLine.bytes(state.size, after: state.chain, record: Array(bytes[line.body]))
      made.withUnsafeBytes { state.append($0) }
      lines.append(String(decoding: made, as: UTF8.self))
    }
    for epoch in [UInt64(0), stolen.epoch] {
      state.epoch = epoch
      let next = try SigningKey.random()
      let seal = AuditSeal(state, next: next.publicKey, at: LogBench.start)
        .signed(by: stolen.current)
      let line = AuditLine.bytes(
        state.size, after: state.chain, seal: try ApplianceJSON.encode(seal))
      try bench.write(lines + [String(decoding: line, as: UTF8.self)])
      try bench.files.write(SealingKeys(epoch: epoch + 1, current: next))
      #expect(try damages().contains(.forged))
    }
  }

  @Test func olderCopyIsNamed() throws {
    let folder = bench.files.folder
    let copy = bench.home + "/copy"
    try FileManager.default.copyItem(atPath: folder, toPath: copy)
    try bench.fill(10, sealEvery: 10)
    try FileManager.default.removeItem(atPath: folder)
    try FileManager.default.moveItem(atPath: copy, toPath: folder)
    #expect(try damages().contains(.truncated))
  }

  @Test func lostFilesAreNamed() throws {
    for path in [bench.files.key, bench.files.anchor, bench.files.origin] {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      try FileManager.default.removeItem(atPath: path)
      #expect(try damages().contains(.missing), "\(path)")
      try bytes.write(to: URL(fileURLWithPath: path))
    }
    #expect(try bench.verdict().isIntact)
  }

  @Test func lostLogIsNoNewLog() throws {
    for path in try bench.paths { try FileManager.default.removeItem(atPath: path) }
    #expect(try damages().contains(.truncated))
    let error = #expect(throws: ApplianceError.self) {
      try AuditTrail(bench.files).record([bench.event(0)], at: LogBench.start)
    }
    #expect(error?.code == .auditBroken)
  }

  /// Also before the first seal, when nothing but the origin tells of it.
  @Test func lostLogWithoutASealIsNoNewLog() throws {
    let bench = try LogBench()
    try bench.fill(3)
    for path in try bench.paths { try FileManager.default.removeItem(atPath: path) }
    #expect(try bench.verdict().findings.map(\.damage) == [.missing])
    let error = #expect(throws: ApplianceError.self) {
      try AuditTrail(bench.files).record([bench.event(0)], at: LogBench.start)
    }
    #expect(error?.code == .auditBroken)
  }

  @Test func damagedEndIsNotContinued() throws {
    try bench.change { $0[25] = $0[25].replacingOccurrences(of: "done", with: "dona") }
    let error = #expect(throws: ApplianceError.self) {
      try AuditTrail(bench.files).record([bench.event(0)], at: LogBench.start)
    }
    #expect(error?.code == .auditBroken)
  }
}
