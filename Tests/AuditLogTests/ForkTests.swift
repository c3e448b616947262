// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Glibc
import SodiumCrypto
import Testing

@testable import AuditLog

/// Exchanged files, and another log in place of the one that was.
struct ForkTests {
  private let bench: LogBench

  init() throws {
    bench = try LogBench()
    // Lines 0 (begin), 1 to 5, 6 (seal), 7 to 11, 12 (seal), 13 to 15.
    try bench.fill(5, sealEvery: 5)
  }

  private func damages() throws -> [AuditFinding.Damage] {
    try bench.verdict().findings.map(\.damage)
  }

  private func requireNotContinued() {
    let error = #expect(throws: ApplianceError.self) {
      try AuditTrail(bench.files).record([bench.event(99)], at: LogBench.start)
    }
    #expect(error?.code == .auditBroken)
  }

  private func goOn() throws { try bench.fill(8, sealEvery: 5) }

  /// Writes the log anew from line 7 on, with the key of the seal in line 12.
  private func fork(with stolen: SealingKeys) throws {
    var lines = Array(try bench.lines().prefix(7))
    var state = AuditState()
    for line in lines { Array(line.utf8).withUnsafeBytes { state.append($0) } }
    state.epoch = 1
    for number in 0..<5 {
      let record = try ApplianceJSON.encode(bench.event(number + 1_000))
      let line = AuditLine.bytes(state.size, after: state.chain, record: record)
      line.withUnsafeBytes { state.append($0) }
      lines.append(String(decoding: line, as: UTF8.self))
    }
    let next = try SigningKey.random()
    let seal = AuditSeal(state, next: next.publicKey, at: LogBench.start).signed(by: stolen.current)
    let line = AuditLine.bytes(
      state.size, after: state.chain, seal: try ApplianceJSON.encode(seal))
    try bench.write(lines + [String(decoding: line, as: UTF8.self)])
    try bench.files.write(SealingKeys(epoch: 2, current: next))
  }

  @Test func forkWithAFormerKeyIsNotWhatTheAnchorTells() throws {
    let stolen = try #require(try bench.files.readKeys())
    let former = try #require(try bench.files.readAnchor())
    try goOn()
    try fork(with: stolen)
    #expect(try damages() == [.rewritten])
    requireNotContinued()
    try bench.files.write(former)
    #expect(try damages() == [.malformed])
    requireNotContinued()
  }

  @Test func exchangedAnchorIsNamed() throws {
    let former = try #require(try bench.files.readAnchor())
    try goOn()
    let anchor = try #require(try bench.files.readAnchor())
    let others = [
      (former, AuditFinding.Damage.malformed),
      (.init(size: 0, epoch: 0, chain: anchor.chain, root: anchor.root), .rewritten),
      (
        .init(size: anchor.size, epoch: anchor.epoch, chain: anchor.chain, root: former.root),
        .rewritten
      ),
      (.init(size: .max, epoch: .max, chain: anchor.chain, root: anchor.root), .truncated),
    ]
    for (other, damage) in others {
      try bench.files.write(other)
      #expect(try damages() == [damage])
      requireNotContinued()
    }
  }

  @Test func exchangedKeyIsNamed() throws {
    try bench.files.write(SealingKeys(epoch: 1, current: try .random()))
    #expect(try damages() == [.truncated])
    requireNotContinued()
  }

  @Test(arguments: [0, 7])
  func logThatWasCutAtASealIsNotContinued(kept: Int) throws {
    try goOn()
    try bench.change { $0 = Array($0.prefix(kept)) }
    #expect(try damages().contains(.truncated))
    requireNotContinued()
  }

  @Test(arguments: [3, 40])
  func fileThatWasPutThereIsNamed(first: UInt64) throws {
    let path = bench.files.path(AuditFiles.segment(first: first))
    try Data().write(to: URL(fileURLWithPath: path))
    #expect(try damages() == [first == 3 ? .inserted : .missing])
    requireNotContinued()
  }

  @Test func otherLineEndsAreNamed() throws {
    try bench.change { $0 = $0.map { $0 + "\r" } }
    #expect(try damages().contains(.edited))
    requireNotContinued()
  }

  @Test func linksAndPipesAreNotRead() throws {
    let path = try #require(try bench.paths.first)
    try FileManager.default.moveItem(atPath: path, toPath: bench.home + "/log")
    try FileManager.default.createSymbolicLink(
      atPath: path, withDestinationPath: bench.home + "/log")
    #expect(throws: ApplianceError.self) { try bench.verdict() }
    try FileManager.default.removeItem(atPath: path)
    #expect(mkfifo(path, 0o600) == 0)
    #expect(throws: ApplianceError.self) { try bench.verdict() }
    requireNotContinued()
  }

  @Test func logIsIntactWhileItIsWritten() async throws {
    let bench = bench
    async let writing: Void = Task { try bench.fill(25, sealEvery: 2) }.value
    for _ in 0..<25 {
      let verdict = try bench.verdict()
      #expect(verdict.isIntact, "\(verdict.findings)")
    }
    try await writing
  }

  @Test func writersGoOnInALogThatIsBegunAnew() throws {
    let other = AuditTrail(bench.files)
    try other.record([bench.event(1)], at: LogBench.start)
    let old = try bench.trail.beginAnew(reason: "test", by: "operator:1", at: LogBench.start)
    try other.record([bench.event(2)], at: LogBench.start)
    let verdict = try bench.verdict()
    #expect(verdict.isIntact && verdict.lines == 3, "\(verdict.findings)")
    #expect(FileManager.default.fileExists(atPath: old + "/sealing.key"))
  }
}
