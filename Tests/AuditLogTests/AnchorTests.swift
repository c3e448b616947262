// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import SodiumCrypto
import Testing

@testable import AuditLog

/// A log beside the seals that the timeline remembers of it, and of others.
struct AnchorTests {
  private let bench: LogBench

  init() throws { bench = try LogBench() }

  /// Adds so many records in threes, each three sealed; what the supervisor would remember.
  private func grow(_ times: Int) throws -> [AuditAnchor] {
    try (0..<times).compactMap { number in
      let now = LogBench.start.addingTimeInterval(Double(number))
      try AuditTrail(bench.files).record((0..<3).map { bench.event($0) }, at: now)
      return try bench.trail.seal(at: now)
    }
  }

  private func verdict(_ anchors: [AuditAnchor]) throws -> AuditVerdict {
    var verifier = AuditVerifier(bench.files, anchors: anchors)
    return try verifier.verify()
  }

  private var folders: [String] { [bench.files.folder, bench.home + "/.config/kafclaw"] }

  /// Keeps all that belongs to the log beside it, `as` a name.
  private func keep(as name: String) throws {
    for folder in folders {
      try FileManager.default.copyItem(atPath: folder, toPath: "\(folder).\(name)")
    }
  }

  private func putBack(_ name: String) throws {
    for folder in folders {
      try FileManager.default.removeItem(atPath: folder)
      try FileManager.default.copyItem(atPath: "\(folder).\(name)", toPath: folder)
    }
  }

  @Test func lastSealIsTold() throws {
    #expect(try bench.trail.seal(at: LogBench.start) == nil)
    try bench.fill(3)
    #expect(try bench.trail.seal(at: LogBench.start, onlyIfDue: true) == nil)
    let sealed = LogBench.start.addingTimeInterval(7.5)
    let anchor = try #require(try bench.trail.seal(at: sealed))
    let file = try #require(try bench.files.readAnchor())
    #expect(anchor.size == 5 && anchor.epoch == 1)
    #expect(anchor.at == LogBench.start.addingTimeInterval(7))
    #expect(anchor.chain == file.chain && anchor.root == file.root)
    #expect(anchor.origin == (try bench.files.readOrigin())?.publicKey)
    // Also what another process sealed, and while lines came since.
    try bench.trail.record([bench.event(3)], at: sealed)
    #expect(try AuditTrail(bench.files).seal(at: sealed, onlyIfDue: true) == anchor)
    #expect(try bench.trail.seal(at: sealed)?.size == 7)
  }

  @Test func logFitsWhatIsRememberedOfIt() throws {
    let anchors = try grow(6)
    #expect(anchors.map(\.size) == [5, 9, 13, 17, 21, 25])
    for remembered in [anchors, [anchors[1], anchors[4]], anchors.reversed()] {
      let verdict = try verdict(remembered)
      #expect(verdict.isIntact && verdict.notes.isEmpty, "\(verdict)")
    }
    #expect(try verdict([]).isIntact)
    #expect(try verdict([]).notes.count == 1)
  }

  /// Also of the anchor in the host's configuration, which then has nothing to say.
  @Test func olderCopyOfEverythingIsFound() throws {
    var anchors = try grow(2)
    try keep(as: "old")
    anchors += try grow(3)
    try putBack("old")
    #expect(try bench.verdict().isIntact)
    let truncated = try verdict(anchors)
    #expect(truncated.findings.map(\.damage) == [.truncated])
    #expect(truncated.findings.first?.sequence == 9)
    // It is continued, and what comes then is remembered too.
    anchors += try grow(5)
    #expect(try bench.verdict().isIntact)
    let rewritten = try verdict(anchors)
    #expect(rewritten.findings.map(\.damage) == [.rewritten])
    #expect(rewritten.findings.first?.sequence == 9)
  }

  @Test func differentRootOrChainIsNamed() throws {
    let anchors = try grow(4)
    let third = anchors[2]
    for other in [
      AuditAnchor(
        origin: third.origin, size: third.size, epoch: third.epoch, chain: anchors[1].chain,
        root: third.root, at: third.at),
      AuditAnchor(
        origin: third.origin, size: third.size, epoch: third.epoch, chain: third.chain,
        root: anchors[1].root, at: third.at),
    ] {
      let verdict = try verdict([anchors[0], anchors[1], other, anchors[3]])
      #expect(verdict.findings.map(\.damage) == [.rewritten])
      #expect(verdict.findings.first?.sequence == 9)
    }
  }

  /// One change is one finding, however many seals are remembered after it.
  @Test(arguments: [0, 2, 6, 11, 18])
  func damagedLineIsNamedOnce(line: Int) throws {
    let anchors = try grow(5)
    try bench.change { lines in
      let old = lines[line]
      lines[line] = old.replacingOccurrences(of: "\"done\"", with: "\"dona\"")
    }
    let findings = try verdict(anchors).findings
    #expect(findings.map(\.damage) == [.edited])
    #expect(findings.first?.sequence == UInt64(line))
  }

  // MARK: Other logs

  /// Begins another log: with the command for it, or by taking away all that belongs to this one.
  private func begin(reason: String? = "a test", after seconds: Double = 0) throws {
    if let reason {
      _ = try bench.trail.beginAnew(
        reason: reason, by: "operator:1", at: LogBench.start.addingTimeInterval(seconds))
    } else {
      for folder in folders { try FileManager.default.removeItem(atPath: folder) }
      bench.trail.forget()
    }
  }

  @Test func logThatWasBegunAnewIsNotAccused() throws {
    var anchors = try grow(3)
    try begin()
    for _ in 0..<2 {
      let verdict = try verdict(anchors)
      #expect(verdict.isIntact, "\(verdict.findings)")
      #expect(verdict.notes.count == 1 && verdict.notes[0].contains("a test"))
      anchors += try grow(2)
    }
  }

  @Test func otherLogWithoutAReasonIsFound() throws {
    var anchors = try grow(3)
    try begin(reason: nil)
    anchors += try grow(1)
    #expect(try bench.verdict().isIntact)
    #expect(try verdict(anchors).findings.map(\.damage) == [.rewritten])
    // Not only until it is remembered itself.
    #expect(try verdict(Array(anchors.prefix(3))).findings.map(\.damage) == [.rewritten])
  }

  @Test func logThatWasPutAsideIsNotTakenUpAgain() throws {
    var anchors = try grow(3)
    try begin()
    anchors += try grow(2)
    try keep(as: "first")
    try begin(after: 1)
    anchors += try grow(2)
    #expect(try verdict(anchors).isIntact)
    try putBack("first")
    #expect(try bench.verdict().isIntact)
    #expect(try verdict(anchors).findings.map(\.damage) == [.rewritten])
  }

  @Test func logThatIsGoneWithEverythingIsMissed() throws {
    let anchors = try grow(2)
    try begin(reason: nil)
    #expect(throws: ApplianceError.self) { try bench.verdict() }
    #expect(throws: ApplianceError.self) { try verdict([]) }
    let damages = try verdict(anchors).findings.map(\.damage)
    #expect(!damages.isEmpty && damages.allSatisfy { $0 == .missing })
  }

  @Test func hostileAnchorsDoNotTrap() throws {
    let anchor = try #require(try grow(2).last)
    for size in [0, 1, UInt64.max, 1 << 62] {
      let other = AuditAnchor(
        origin: anchor.origin, size: size, epoch: .max, chain: "", root: "x", at: .distantPast)
      #expect(try verdict([other]).isIntact == (size == 0))
      let elsewhere = AuditAnchor(
        origin: "", size: size, epoch: .max, chain: "", root: "x", at: .distantFuture)
      #expect(try !verdict([elsewhere, anchor]).isIntact)
    }
  }

  @Test func whatCouldNotBeReadIsNeitherIntactNorBroken() throws {
    try bench.fill(2)
    var verdict = try verdict([])
    verdict.note(unread: "timeline.db", because: ApplianceError(.auditMissing, "not there"))
    #expect(!verdict.isIntact && !verdict.isBroken)
  }
}
