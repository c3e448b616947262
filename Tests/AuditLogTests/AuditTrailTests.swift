// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import SodiumCrypto
import Testing

@testable import AuditLog

/// Writing, sealing and taking up a log.
struct AuditTrailTests {
  private let bench: LogBench

  init() throws { bench = try LogBench() }

  @Test func whatWasRecordedIsThereAndVerifies() throws {
    try bench.fill(25, sealEvery: 10)
    let verdict = try bench.verdict()
    #expect(verdict.isIntact, "\(verdict.findings)")
    #expect(verdict.lines == 28)
    #expect(verdict.seals == 2)
    #expect(verdict.unsealed == 5)
    let newest = try AuditArchive(bench.files).newest(3)
    #expect(newest.map { $0.event.details["number"] } == ["22", "23", "24"])
  }

  @Test func sealIsDueAfterFiveMinutesOrAThousandLines() throws {
    try bench.trail.record([bench.event(0)], at: LogBench.start)
    try bench.trail.seal(at: LogBench.start.addingTimeInterval(299), onlyIfDue: true)
    #expect(try bench.verdict().seals == 0)
    try bench.trail.seal(at: LogBench.start.addingTimeInterval(300), onlyIfDue: true)
    #expect(try bench.verdict().seals == 1)
    try bench.trail.record((0..<1_000).map { bench.event($0) }, at: LogBench.start)
    #expect(try bench.verdict().seals == 2)
    #expect(try bench.verdict().unsealed == 0)
  }

  @Test func anotherWriterGoesOnWhereThisOneStopped() throws {
    let other = AuditTrail(bench.files)
    for number in 0..<20 {
      let trail = number.isMultiple(of: 2) ? bench.trail : other
      try trail.record([bench.event(number)], at: LogBench.start)
      if number == 7 { try other.seal(at: LogBench.start) }
    }
    let verdict = try bench.verdict()
    #expect(verdict.isIntact, "\(verdict.findings)")
    #expect(verdict.lines == 22)
  }

  @Test func writersAtOnceLoseNothing() async throws {
    let bench = bench
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          let trail = AuditTrail(bench.files)
          for number in 0..<20 { try trail.record([bench.event(number)], at: LogBench.start) }
        }
      }
      try await group.waitForAll()
    }
    let verdict = try bench.verdict()
    #expect(verdict.isIntact, "\(verdict.findings)")
    #expect(verdict.lines == 161)
  }

  @Test func tornLineIsCutAndTold() throws {
    try bench.fill(3)
    let path = try #require(try bench.paths.first)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(#"{"chain":[4,"#.utf8))
    try handle.close()
    #expect(try bench.verdict().findings.map(\.damage) == [.malformed])
    try AuditTrail(bench.files).record([bench.event(3)], at: LogBench.start)
    let verdict = try bench.verdict()
    #expect(verdict.isIntact, "\(verdict.findings)")
    let kinds = try AuditArchive(bench.files).newest(10).map(\.event.kind)
    #expect(kinds.suffix(2) == [.repair, .toolCall])
  }

  @Test func keyOfASealIsGoneAfterIt() throws {
    try bench.fill(2)
    let before = try #require(try bench.files.readKeys())
    try bench.trail.seal(at: LogBench.start)
    let after = try #require(try bench.files.readKeys())
    #expect(after.epoch == before.epoch + 1)
    #expect(after.next == nil)
    #expect(after.current.publicKey != before.current.publicKey)
  }

  /// A crash between the seal's line and the change of keys.
  @Test func sealThatWasCutOffIsFinished() throws {
    try bench.fill(2)
    let keys = try #require(try bench.files.readKeys())
    let next = try SigningKey.random()
    try bench.files.write(SealingKeys(epoch: keys.epoch, current: keys.current, next: next))
    // Before the line: the prepared key is used.
    try AuditTrail(bench.files).seal(at: LogBench.start)
    #expect(try bench.files.readKeys()?.current.publicKey == next.publicKey)
    // After the line: the old key is still there.
    let third = try SigningKey.random()
    try bench.files.write(SealingKeys(epoch: keys.epoch, current: keys.current, next: next))
    try AuditTrail(bench.files).record([bench.event(5)], at: LogBench.start)
    #expect(try bench.files.readKeys()?.current.publicKey == next.publicKey)
    #expect(third.publicKey != next.publicKey)
    #expect(try bench.verdict().isIntact)
  }

  @Test func segmentsGoOnInTheNextFile() throws {
    let text = String(repeating: "x", count: 400)
    let events = (0..<1_000).map { number in
      AuditEvent(
        .toolCall, by: text, on: text, .done, at: LogBench.start,
        details: Dictionary(uniqueKeysWithValues: (0..<30).map { ("\($0)", text) }))
    }
    for _ in 0..<6 { try bench.trail.record(events, at: LogBench.start) }
    #expect(try bench.files.segments().count > 1)
    try AuditTrail(bench.files).record([bench.event(1)], at: LogBench.start)
    let verdict = try bench.verdict()
    #expect(verdict.isIntact, "\(verdict.findings)")
  }

  @Test func logThatCannotBeWrittenRefuses() throws {
    try bench.fill(1)
    let path = try #require(try bench.paths.first)
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    #expect(throws: ApplianceError.self) {
      try bench.trail.record([bench.event(1)], at: LogBench.start)
    }
  }

  /// What a detail says is not what a record is.
  @Test func detailIsNotTakenForAnId() throws {
    let event = bench.event(50)
    let decoy = AuditEvent(
      .toolCall, by: "sender:web/mallory", on: "tool/exec", .done, at: LogBench.start,
      details: ["id": event.id])
    try bench.trail.record([decoy, event], at: LogBench.start)
    let key = try SigningKey.random()
    let proof = try AuditArchive(bench.files).proof(of: event.id, at: LogBench.start, by: key)
    #expect(try proof.verified(by: Hexadecimal.encode(key.publicKey)).id == event.id)
  }
}
