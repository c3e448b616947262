// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import FoundationEssentials
import Glibc
import Testing

@testable import Doctor

/// Disk, clock, database and audit log.
struct StateHostTests {
  private let host: HostBuilder

  init() throws {
    host = try HostBuilder()
    try host.use()
  }

  // MARK: disk.space

  private static let mebibyte: UInt64 = 1 << 20

  /// Blocks of a mebibyte: all, free; inodes: all, free.
  static let spaces: [(UInt64, UInt64, UInt64, UInt64, Verdict.Status)] = [
    (100_000, 50_000, 1_000, 500, .pass), (1_000, 63, 1_000, 500, .fail),
    (1_000, 64, 1_000, 500, .warn), (1_000, 511, 1_000, 500, .warn),
    (1_000, 512, 1_000, 500, .pass), (100_000, 999, 1_000, 500, .fail),
    (100_000, 1_000, 1_000, 500, .warn), (100_000, 4_999, 1_000, 500, .warn),
    (100_000, 5_000, 1_000, 500, .pass), (100_000, 50_000, 1_000, 9, .fail),
    (100_000, 50_000, 1_000, 10, .warn), (100_000, 50_000, 1_000, 49, .warn),
    (100_000, 50_000, 1_000, 50, .pass), (100_000, 50_000, 0, 0, .pass), (0, 0, 0, 0, .fail),
    (.max, .max, .max, .max, .pass),
  ]

  @Test(arguments: spaces)
  func roomIsGraded(
    blocks: UInt64, free: UInt64, files: UInt64, freeFiles: UInt64, status: Verdict.Status
  ) {
    let space = DiskSpace(
      blockSize: Self.mebibyte, blocks: blocks, freeBlocks: free, files: files, freeFiles: freeFiles
    )
    #expect((space.grade ?? .pass) == status, "\(space.description)")
  }

  @Test func roomOfThisDiskIsTold() async throws {
    let result = await host.examine(.diskSpace)
    let space = try DiskSpace(of: host.paths.state)
    #expect(result.status == space.grade ?? .pass)
    #expect(result.evidence.hasPrefix("\(host.paths.state): "))
    #expect(try DiskSpace.presentFolder(host.paths.bundles + "/a/b") == host.paths.bundles)
  }

  // MARK: clock.sane

  @Test func clockBeforeTheReleaseFails() async throws {
    var host = try HostBuilder()
    host.now = Date(timeIntervalSince1970: 1_700_000_000)
    let result = await host.examine(.clockSane)
    #expect(result.status == .fail)
    #expect(
      result.evidence
        == "the clock says 2023-11-14T22:13:20Z; this program is from after 2026-01-01T00:00:00Z")
  }

  @Test func clockBeforeTheNewestRecordFails() async throws {
    #expect(await host.examine(.clockSane).isPass)
    try host.record(at: host.now.addingTimeInterval(7_200))
    let result = await host.examine(.clockSane)
    #expect(result.status == .fail)
    #expect(result.evidence.contains("the newest audit record is from"))
  }

  @Test func clockBeforeAnAcceptedCommitFails() async throws {
    let later = host.now.addingTimeInterval(7_200).formatted(.iso8601)
    try host.write(
      "{\"accepted\":\"a\",\"received\":{\"a\":\"\(later)\"}}", to: host.paths.sourceTrust)
    let result = await host.examine(.clockSane)
    #expect(result.status == .fail)
    #expect(result.evidence.hasSuffix("a commit was accepted at \(later)"))
    try host.write("{", to: host.paths.sourceTrust)
    #expect(await host.examine(.clockSane).status == .unknown)
  }

  @Test func clockBeforeTheChangeOfAFileFails() async throws {
    let later = Int(host.now.timeIntervalSince1970) + 7_200
    var times = [timeval(tv_sec: later, tv_usec: 0), timeval(tv_sec: later, tv_usec: 0)]
    #expect(utimes(host.paths.timelineFile, &times) == 0)
    let result = await host.examine(.clockSane)
    #expect(result.status == .fail)
    #expect(result.evidence.contains("\(host.paths.timelineFile) was changed at"))
  }

  @Test func smallStepsOfTheClockAreNone() async throws {
    try host.record(at: host.now.addingTimeInterval(240))
    #expect(await host.examine(.clockSane).isPass)
  }

  // MARK: timeline.intact

  @Test func damagedTimelineFails() async throws {
    var host = host
    #expect(await host.examine(.timelineIntact).isPass)
    host.timelineProblem = .success("row 7 is missing from index 2")
    let result = await host.examine(.timelineIntact)
    #expect(result.status == .fail)
    #expect(result.severity == .critical)
    #expect(result.evidence == "\(host.paths.timelineFile): row 7 is missing from index 2")
    host.timelineProblem = .failure(ApplianceError(.fileFailed, "cannot open it"))
    #expect(await host.examine(.timelineIntact).status == .unknown)
    try DurableFile.removeIfPresent(host.paths.timelineFile)
    #expect(await host.examine(.timelineIntact).isNotApplicable)
  }

  // MARK: audit.readable

  private var segment: String { host.paths.audit + "/00000000000000000000.jsonl" }

  @Test func hostWithoutALogHasNothingToRead() async throws {
    #expect(await (try HostBuilder()).examine(.auditReadable).isNotApplicable)
  }

  @Test func soundLogIsTold() async throws {
    #expect(await host.examine(.auditReadable).evidence == "not sealed yet, 2 lines since then")
    try host.trail.seal(at: host.now)
    let sealed = host.now.formatted(.iso8601)
    #expect(
      await host.examine(.auditReadable).evidence == "sealed at \(sealed), 0 lines since then")
  }

  @Test func editedLineFails() async throws {
    let text = String(decoding: try DurableFile.read(segment, limit: 1 << 20), as: UTF8.self)
    try host.write(text.replacing("audit.begin", with: "audit.begun"), to: segment)
    let result = await host.examine(.auditReadable)
    #expect(result.status == .fail)
    #expect(result.severity == .critical)
    #expect(result.evidence.contains("does not follow from the one before"))
  }

  @Test func logThatIsGoneFails() async throws {
    try host.trail.seal(at: host.now)
    try DurableFile.removeIfPresent(segment)
    #expect(await host.examine(.auditReadable).evidence == "the audit log is gone")
  }

  @Test func logCutBeforeItsLastSealFails() async throws {
    let before = try DurableFile.read(segment, limit: 1 << 20)
    try host.trail.seal(at: host.now)
    try DurableFile.replace(segment, with: before)
    let result = await host.examine(.auditReadable)
    #expect(result.status == .fail)
    #expect(result.evidence == "the key in sealing.key is not that of the next seal")
  }

  @Test func tornLineOfAStoppedApplianceIsWarned() async throws {
    try DurableFile.append(Array("{\"chain".utf8), to: segment)
    let result = await host.examine(.auditReadable)
    #expect(result.status == .warn)
    #expect(result.evidence.contains("7 bytes"))
  }

  @Test func linesThatAreNotSealedInTimeAreWarned() async throws {
    var host = host
    (host.isRunning, host.now) = (true, host.now.addingTimeInterval(839))
    #expect(await host.examine(.auditReadable).isPass)
    host.now = host.now.addingTimeInterval(3)
    let result = await host.examine(.auditReadable)
    #expect(result.status == .warn)
    #expect(result.evidence.hasPrefix("2 lines since "))
    host.isRunning = false
    #expect(await host.examine(.auditReadable).isPass)
  }
}
