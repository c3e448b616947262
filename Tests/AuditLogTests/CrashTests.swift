// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import SodiumCrypto
import Testing

@testable import AuditLog

/// A log is continued wherever a crash or a failing disk left it, and nothing acknowledged is lost.
struct CrashTests {
  private let bench: LogBench

  init() throws { bench = try LogBench() }

  private func url(_ path: String) -> URL { URL(fileURLWithPath: path) }

  /// The files that a seal changes.
  private struct Moment {
    let keys: SealingKeys
    let segment: Data
    let anchor: Data?
  }

  private func moment() throws -> Moment {
    let path = try #require(try bench.paths.first)
    return Moment(
      keys: try #require(try bench.files.readKeys()), segment: try Data(contentsOf: url(path)),
      anchor: try DurableFile.readIfPresent(bench.files.anchor, limit: 1 << 16).map { Data($0) })
  }

  private func restore(_ moment: Moment) throws {
    try bench.files.write(moment.keys)
    try moment.segment.write(to: url(try #require(try bench.paths.first)))
    try DurableFile.removeIfPresent(bench.files.anchor)
    try moment.anchor?.write(to: url(bench.files.anchor))
  }

  /// - Parameter seals: Before the one that is cut off.
  @Test(arguments: [0, 1, 2])
  func sealIsContinuedFromEveryStep(seals: Int) throws {
    try bench.fill(seals * 3 + 2, sealEvery: 3)
    let before = try moment()
    try bench.trail.seal(at: LogBench.start)
    let after = try moment()
    let both = SealingKeys(
      epoch: before.keys.epoch, current: before.keys.current, next: after.keys.current)
    let torn = after.segment.prefix(before.segment.count + 40)
    let steps = [
      Moment(keys: both, segment: before.segment, anchor: before.anchor),
      Moment(keys: both, segment: torn, anchor: before.anchor),
      Moment(keys: both, segment: after.segment, anchor: before.anchor),
      Moment(keys: both, segment: after.segment, anchor: after.anchor),
      after,
    ]
    for (number, step) in steps.enumerated() {
      try restore(step)
      #expect(try bench.verdict().isIntact == (number != 1), "step \(number)")
      try requireContinued(records: seals * 3 + 2, "step \(number)")
    }
  }

  private func requireContinued(records: Int, _ step: String) throws {
    let trail = AuditTrail(bench.files)
    try trail.record([bench.event(records)], at: LogBench.start)
    #expect(try bench.verdict().isIntact, "\(step)")
    try trail.seal(at: LogBench.start)
    let verdict = try bench.verdict()
    #expect(verdict.isIntact, "\(step): \(verdict.findings)")
    #expect(verdict.unsealed == 0)
    let numbers = try AuditArchive(bench.files).newest(100) { $0.kind == .toolCall }
    #expect(numbers.map { $0.event.details["number"] } == (0...records).map { "\($0)" }, "\(step)")
  }

  @Test func halfBegunLogIsContinued() throws {
    try bench.fill(1)
    let first = try #require(try bench.lines().first)
    let path = try #require(try bench.paths.first)
    for content in [nil, "", String(first.prefix(50)), first + "\n"] {
      try FileManager.default.removeItem(atPath: path)
      try forgetBeginning()
      try content.map { try Data($0.utf8).write(to: url(path)) }
      try requireBegun()
    }
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.removeItem(atPath: bench.files.origin)
    try requireBegun()
  }

  /// As before the first line was on disk.
  private func forgetBeginning() throws {
    var origin = try #require(try bench.files.readOrigin())
    origin.isBegun = false
    try bench.files.write(origin)
  }

  private func requireBegun() throws {
    #expect(try bench.files.readOrigin()?.isBegun != true)
    try AuditTrail(bench.files).record([bench.event(0)], at: LogBench.start)
    let verdict = try bench.verdict()
    #expect(verdict.isIntact, "\(verdict.findings)")
    let kinds = try AuditArchive(bench.files).newest(10).map(\.event.kind)
    #expect(kinds == [.begin, .toolCall])
    #expect(try bench.files.readOrigin()?.isBegun == true)
  }

  @Test func nextSegmentWithoutLinesIsContinued() throws {
    try bench.fill(2, sealEvery: 2)
    let next = bench.files.path(AuditFiles.segment(first: 4))
    try Data().write(to: url(next))
    #expect(try bench.verdict().isIntact)
    try AuditTrail(bench.files).record([bench.event(2)], at: LogBench.start)
    #expect(try bench.verdict().isIntact)
    #expect(try bench.lines(1).count == 1)
  }

  /// The records are in the log although their seal failed; no more are before it is there.
  @Test func anchorThatCannotBeWrittenStopsTheNextRecord() throws {
    try bench.fill(2)
    try FileManager.default.createDirectory(
      atPath: bench.files.anchor + "/x", withIntermediateDirectories: true)
    try bench.trail.record((0..<1_000).map { bench.event($0) }, at: LogBench.start)
    let lines = try bench.lines().count
    #expect(throws: ApplianceError.self) {
      try bench.trail.record([bench.event(1_001)], at: LogBench.start)
    }
    #expect(try bench.lines().count == lines)
    try FileManager.default.removeItem(atPath: bench.files.anchor)
    try bench.trail.record([bench.event(1_001)], at: LogBench.start)
    let verdict = try bench.verdict()
    #expect(verdict.isIntact, "\(verdict.findings)")
    #expect(verdict.lines == 1_005)
  }

  @Test func failedRecordLeavesNothingAndTheNextIsWritten() throws {
    try bench.fill(2)
    let path = try #require(try bench.paths.first)
    try FileManager.default.moveItem(atPath: path, toPath: path + ".kept")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    #expect(throws: ApplianceError.self) {
      try bench.trail.record([bench.event(2)], at: LogBench.start)
    }
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.moveItem(atPath: path + ".kept", toPath: path)
    try bench.trail.record([bench.event(2)], at: LogBench.start)
    let verdict = try bench.verdict()
    #expect(verdict.isIntact && verdict.lines == 4, "\(verdict.findings)")
  }
}
