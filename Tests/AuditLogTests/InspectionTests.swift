// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import SodiumCrypto
import TestSupport
import Testing

@testable import AuditLog

/// Looking at the end of a log.
struct InspectionTests {
  private let bench: LogBench

  init() throws { bench = try LogBench() }

  private func look() throws -> AuditInspection? { try AuditInspection.look(at: bench.files) }

  @Test func hostWithoutALogHasNone() throws {
    #expect(try look() == nil)
  }

  @Test func linesAndSealsAreTold() throws {
    try bench.fill(5)
    var expected = AuditInspection(
      unsealed: 6, unsealedSince: LogBench.start, newest: LogBench.start.addingTimeInterval(4))
    #expect(try look() == expected)
    try bench.trail.seal(at: LogBench.start.addingTimeInterval(9))
    let sealed = LogBench.start.addingTimeInterval(9)
    #expect(try look() == AuditInspection(sealedAt: sealed, newest: sealed))
    try bench.trail.record([bench.event(20)], at: LogBench.start.addingTimeInterval(20))
    expected = AuditInspection(
      unsealed: 1, unsealedSince: LogBench.start.addingTimeInterval(20), sealedAt: sealed,
      newest: LogBench.start.addingTimeInterval(20))
    #expect(try look() == expected)
  }

  @Test func nothingIsWritten() throws {
    try bench.fill(5, sealEvery: 2)
    try DurableFile.append(Array("torn".utf8), to: try #require(try bench.paths.last))
    let before = try FolderFingerprint(bench.home)
    #expect(try look()?.tornBytes == 4)
    #expect(try look()?.problem == nil)
    #expect(try FolderFingerprint(bench.home).differences(from: before) == [])
  }

  // MARK: Segments

  /// Divides a log as if its first segment had been full at the last seal.
  private func fillSegment() throws {
    try bench.fill(4, sealEvery: 2)
    try bench.trail.record([bench.event(5)], at: LogBench.start)
    let lines = try bench.lines()
    try bench.write(Array(lines.dropLast()))
    let next = AuditFiles.segment(first: UInt64(lines.count - 1))
    try DurableFile.replace(bench.files.path(next), with: Array("\(lines[lines.count - 1])\n".utf8))
  }

  @Test func sealAtTheEndOfTheSegmentBeforeIsRead() throws {
    try fillSegment()
    try AuditTrail(bench.files).record([bench.event(7)], at: LogBench.start.addingTimeInterval(7))
    let found = try #require(try look())
    #expect(found.problem == nil)
    #expect(found.sealedAt == LogBench.start.addingTimeInterval(3))
    #expect(found.unsealed == 2)
    #expect(found.newest == LogBench.start.addingTimeInterval(7))
  }

  @Test func segmentBeforeThatIsGoneIsTold() throws {
    try fillSegment()
    try FileManager.default.removeItem(atPath: try bench.paths[0])
    #expect(try look()?.problem?.hasSuffix("the file before it is gone") == true)
  }

  @Test func segmentBeforeWithoutItsSealIsTold() throws {
    try fillSegment()
    try bench.change { $0.removeLast() }
    #expect(try look()?.problem?.hasSuffix("it does not end with a seal") == true)
  }

  // MARK: Damage

  enum Damage: String, CaseIterable {
    case editedLine, removedLine, removedSeal, editedSeal, removedKey, damagedKey, removedAnchor
    case damagedAnchor, olderAnchor, removedLog, emptiedLog, otherKey
  }

  /// What stands after the last seal is looked at, and so is what is kept apart from the log.
  @Test(arguments: Damage.allCases)
  func damageIsTold(damage: Damage) throws {
    try bench.fill(2, sealEvery: 1)
    let anchor = try DurableFile.read(bench.files.anchor, limit: 1 << 16)
    for number in 2..<5 { try bench.trail.record([bench.event(number)], at: LogBench.start) }
    try bench.trail.seal(at: LogBench.start)
    for number in 5..<8 { try bench.trail.record([bench.event(number)], at: LogBench.start) }
    #expect(try look()?.problem == nil)
    try inflict(damage, anchor)
    #expect(try look()?.problem != nil)
    #expect(throws: ApplianceError.self) {
      try AuditTrail(bench.files).record([bench.event(9)], at: LogBench.start)
    }
  }

  private func inflict(_ damage: Damage, _ olderAnchor: [UInt8]) throws {
    let files = FileManager.default
    let segment = try #require(try bench.paths.first)
    switch damage {
    case .editedLine:
      try bench.change { $0[$0.count - 2].replace("alice", with: "mallory") }
    case .removedLine: try bench.change { $0.remove(at: $0.count - 2) }
    case .removedSeal: try bench.change { $0.removeLast(4) }
    case .editedSeal:
      try bench.change { $0[$0.count - 4].replace("\"epoch\":2", with: "\"epoch\":1") }
    case .removedKey: try files.removeItem(atPath: bench.files.key)
    case .damagedKey: try DurableFile.replace(bench.files.key, with: [1, 2, 3])
    case .removedAnchor: try files.removeItem(atPath: bench.files.anchor)
    case .damagedAnchor: try DurableFile.replace(bench.files.anchor, with: [1, 2, 3])
    case .olderAnchor: try DurableFile.replace(bench.files.anchor, with: olderAnchor)
    case .removedLog: try files.removeItem(atPath: segment)
    case .emptiedLog: try DurableFile.replace(segment, with: [])
    case .otherKey:
      let keys = try #require(try bench.files.readKeys())
      try bench.files.write(SealingKeys(epoch: keys.epoch, current: try .random()))
    }
  }

  /// A crash between the seal's line and the change of keys is finished by the next writer.
  @Test func sealThatWasCutOffIsNoDamage() throws {
    try bench.fill(2)
    let keys = try #require(try bench.files.readKeys())
    let next = try SigningKey.random()
    try bench.files.write(SealingKeys(epoch: keys.epoch, current: keys.current, next: next))
    #expect(try look()?.problem == nil)
    try AuditTrail(bench.files).seal(at: LogBench.start)
    try bench.files.write(SealingKeys(epoch: keys.epoch, current: keys.current, next: next))
    try FileManager.default.removeItem(atPath: bench.files.anchor)
    #expect(try look()?.problem == nil)
  }

  /// Of the first record nothing is on disk.
  @Test func logThatWasCutOffAtItsBeginningIsNone() throws {
    let keys = SealingKeys(epoch: 0, current: try .random())
    try PrivateFolder.create(bench.files.folder)
    try bench.files.write(keys)
    try bench.files.write(
      AuditFiles.Origin(
        created: LogBench.start, publicKey: Hexadecimal.encode(keys.current.publicKey)))
    #expect(try look() == nil)
    try DurableFile.replace(bench.files.path(AuditFiles.segment(first: 0)), with: [])
    #expect(try look() == nil)
    try bench.fill(1)
    #expect(try look()?.problem == nil)
  }

  @Test func writersAtWorkAreNoDamage() async throws {
    let bench = bench
    try bench.fill(1)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for number in 0..<60 {
          try bench.trail.record([bench.event(number)], at: LogBench.start)
          if number.isMultiple(of: 3) { try bench.trail.seal(at: LogBench.start) }
        }
      }
      group.addTask {
        for _ in 0..<60 {
          let found = try AuditInspection.look(at: bench.files)
          #expect(found?.problem == nil)
          #expect(found?.tornBytes == 0)
        }
      }
      try await group.waitForAll()
    }
  }
}
