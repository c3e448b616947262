// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import SodiumCrypto
import Testing

@testable import AuditLog

/// Checkpoints that were kept elsewhere, and logs that continue them or do not.
struct ConsistencyProofTests {
  private let bench: LogBench
  private let key: SigningKey
  private let archive: AuditArchive

  init() throws {
    (bench, key) = (try LogBench(), try .random())
    archive = AuditArchive(bench.files)
    // Lines 0 (begin), 1 to 10, 11 (seal), 12 to 21, 22 (seal), 23 to 27.
    try bench.fill(25, sealEvery: 10)
  }

  private var name: String { Hexadecimal.encode(key.publicKey) }

  private func checkpoint() throws -> AuditCheckpoint {
    try archive.checkpoint(at: LogBench.start, by: key)
  }

  private func proof(since older: AuditCheckpoint) throws -> AuditConsistencyProof {
    try archive.consistencyProof(since: older, at: LogBench.start, by: key)
  }

  private func isRefused(_ proof: AuditConsistencyProof, key: String? = nil) -> Bool {
    let error = #expect(throws: ApplianceError.self) { try proof.verified(by: key ?? name) }
    return error?.code == .auditBroken
  }

  @Test func proofHoldsWithThePublicKeyAlone() throws {
    let older = try checkpoint()
    try bench.fill(30, sealEvery: 7)
    let bytes = try ApplianceJSON.encode(try proof(since: older))
    let evidence = try ApplianceJSON.decode(AuditEvidence.self, from: bytes)
    guard case .consistency(let proof) = evidence else {
      Issue.record("not taken for a proof of consistency")
      return
    }
    #expect(proof.from == older)
    #expect(try proof.verified(by: name) == 34)
    #expect(isRefused(proof, key: Hexadecimal.encode(try SigningKey.random().publicKey)))
  }

  @Test func proofOfARecordIsToldFromIt() throws {
    let proof = try archive.proof(of: "3", at: LogBench.start, by: key)
    let evidence = try ApplianceJSON.decode(
      AuditEvidence.self, from: try ApplianceJSON.encode(proof))
    guard case .record(proof) = evidence else {
      Issue.record("not taken for a proof of a record")
      return
    }
    #expect(throws: ApplianceError.self) {
      try ApplianceJSON.decode(AuditEvidence.self, from: Array(#"{"from":1}"#.utf8))
    }
  }

  @Test func logThatDidNotGrowContinuesItself() throws {
    let proof = try proof(since: try checkpoint())
    #expect(proof.path.isEmpty)
    #expect(try proof.verified(by: name) == 0)
  }

  @Test func everyPartThatWasAlteredIsRefused() throws {
    let older = try checkpoint()
    try bench.fill(30, sealEvery: 7)
    let proof = try proof(since: older)
    let (from, to, path) = (proof.from, proof.to, proof.path)
    #expect(path.count > 3)
    for index in path.indices {
      for text in [String(path[index].reversed()), "", "zz", String(path[index].dropLast())] {
        var changed = path
        changed[index] = text
        #expect(isRefused(AuditConsistencyProof(from: from, to: to, path: changed)))
      }
    }
    #expect(isRefused(AuditConsistencyProof(from: from, to: to, path: Array(path.dropFirst()))))
    #expect(isRefused(AuditConsistencyProof(from: from, to: to, path: path + path)))
    #expect(isRefused(AuditConsistencyProof(from: to, to: from, path: path)))
    #expect(isRefused(AuditConsistencyProof(from: from, to: from, path: path)))
    #expect(isRefused(AuditConsistencyProof(formatVersion: 2, from: from, to: to, path: path)))
    let text = String(decoding: try ApplianceJSON.encode(proof), as: UTF8.self)
    for (part, other) in [
      ("\"size\":28", "\"size\":27"), ("\"size\":62", "\"size\":63"), (older.root, to.root),
      ("\"at\":\"2027", "\"at\":\"2026"),
    ] {
      let changed = text.replacingOccurrences(of: part, with: other)
      #expect(changed != text, "\(part) is not in \(text)")
      #expect(
        isRefused(try ApplianceJSON.decode(AuditConsistencyProof.self, from: changed.utf8)))
    }
  }

  /// Whoever has the present key can rewrite what is not sealed, and verification does not tell.
  @Test func logThatWasRewrittenWithAStolenKeyIsNoContinuation() throws {
    let older = try checkpoint()
    try bench.change { $0 = Array($0.prefix(23)) }
    try AuditTrail(bench.files).record((100..<120).map { bench.event($0) }, at: LogBench.start)
    try AuditTrail(bench.files).seal(at: LogBench.start)
    #expect(try bench.verdict().isIntact)
    let error = #expect(throws: ApplianceError.self) { try proof(since: older) }
    #expect(error?.code == .auditBroken)
    // The key of checkpoints was taken too: no path leads from what was kept to what is there.
    let path = try proof(since: try checkpoint()).path
    for path in [path, [older.root], [try checkpoint().root], [older.root, older.root]] {
      #expect(isRefused(AuditConsistencyProof(from: older, to: try checkpoint(), path: path)))
    }
  }

  @Test func shorterAndOtherLogsAreNoContinuation() throws {
    let older = try checkpoint()
    try bench.change { $0 = Array($0.prefix(23)) }
    let shorter = #expect(throws: ApplianceError.self) { try proof(since: older) }
    #expect(shorter?.code == .auditBroken)
    let other = try LogBench()
    try other.fill(40, sealEvery: 10)
    let error = #expect(throws: ApplianceError.self) {
      try AuditArchive(other.files).consistencyProof(since: older, at: LogBench.start, by: key)
    }
    #expect(error?.code == .auditBroken)
  }

  @Test func checkpointByAnotherKeyIsRefused() throws {
    let older = try archive.checkpoint(at: LogBench.start, by: .random())
    let error = #expect(throws: ApplianceError.self) { try proof(since: older) }
    #expect(error?.code == .auditBroken)
  }

  @Test func damagedLogProvesNothing() throws {
    let older = try checkpoint()
    try bench.change { $0[3] = $0[3].replacingOccurrences(of: "alice", with: "mallo") }
    let error = #expect(throws: ApplianceError.self) { try proof(since: older) }
    #expect(error?.code == .auditBroken)
  }
}
