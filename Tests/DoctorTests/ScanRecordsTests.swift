// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import TestSupport
import Testing

@testable import Doctor

/// The audit log and the timeline, read from end to end.
struct ScanRecordsTests {
  private func segment(_ builder: HostBuilder) throws -> String {
    let names = try PrivateFolder.names(in: builder.paths.audit)
    return builder.paths.audit + "/" + (try #require(names.first { $0.hasSuffix(".jsonl") }))
  }

  @Test func passesALogThatIsWhole() async throws {
    let builder = try HostBuilder()
    try builder.use()
    for _ in 0..<3 { try builder.record(at: builder.now) }
    let result = await builder.examine(.auditVerified)
    #expect(result.isPass, "\(result.evidence)")
    #expect(result.evidence == "5 lines, 0 seals, 5 lines not sealed yet")
  }

  @Test func namesEveryFinding() async throws {
    let builder = try HostBuilder()
    try builder.use()
    for _ in 0..<3 { try builder.record(at: builder.now) }
    let path = try segment(builder)
    let text = String(decoding: try DurableFile.read(path, limit: 1 << 20), as: UTF8.self)
    let lines = text.split(separator: "\n").map(String.init)
    try builder.write(([lines[0]] + lines[2...]).joined(separator: "\n") + "\n", to: path)
    let result = await builder.examine(.auditVerified)
    #expect(result.status == .fail)
    #expect(result.evidence.contains("line 1: removed"))
    #expect(result.evidence.hasSuffix("; 4 lines, 0 seals, 5 lines not sealed yet"))
  }

  @Test func logThatIsGoneIsAFinding() async throws {
    let builder = try HostBuilder()
    try builder.use()
    try FileManager.default.removeItem(atPath: builder.paths.audit)
    #expect(await builder.examine(.auditVerified).status == .fail)
    try DurableFile.removeIfPresent(builder.paths.auditOrigin)
    let result = await builder.examine(.auditVerified)
    #expect(result.status == .fail)
    #expect(result.evidence.contains("the appliance has run here"))
  }

  @Test func freshHostHasNoRecordsYet() async throws {
    let builder = try HostBuilder()
    #expect(await builder.examine(.auditVerified).isNotApplicable)
    #expect(await builder.examine(.timelineVerified).isNotApplicable)
  }

  @Test func timelineIsReadAsAWhole() async throws {
    var builder = try HostBuilder()
    try builder.use()
    #expect(await builder.examine(.timelineVerified).isPass)
    builder.timelineProblem = .success("row 7 is missing from index")
    let damaged = await builder.examine(.timelineVerified)
    #expect(damaged.status == .fail)
    #expect(damaged.evidence.contains("row 7 is missing"))
    builder.timelineProblem = .failure(ApplianceError(.init("io.failed"), "cannot open it"))
    #expect(await builder.examine(.timelineVerified).status == .unknown)
  }
}
