// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// A dry run changes nothing, and an apply without a change writes nothing.
@Suite(.serialized) struct PurityTests {
  private static let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("examples/minimal").path

  @Test func dryRunNeedsNoStateHomeAndOpensNothingForWriting() throws {
    let scratch = try Scratch("dry")
    try copyExample(to: scratch)
    let home = "\(scratch.path)/home-that-does-not-exist"
    let (result, paths) = try OpenedForWriting.paths(
      ["apply", "--dry-run", "\(scratch.path)/minimal", "--output", "json"], home: home)
    #expect(result.code == 0, "\(result.errors)")
    #expect(paths == [])
    #expect(!FileManager.default.fileExists(atPath: home))
    let plan = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(plan["kind"] as? String == "plan")
    #expect(plan["format_version"] as? String == "1.0")
    #expect((plan["changes"] as? [Any])?.isEmpty == false)
  }

  @Test func dryRunLeavesAStoppedHomeAsItIs() async throws {
    let appliance = try RunningAppliance()
    try await appliance.startReady()
    #expect(appliance.stop() == 0)
    let before = try FolderFingerprint(appliance.home)
    let (result, paths) = try OpenedForWriting.paths(
      ["apply", "--dry-run", appliance.repository.path, "--json"], home: appliance.home,
      environment: ["KAFCLAW_GATEWAY_AUTH_TOKEN": appliance.token])
    #expect(result.code == 0, "\(result.errors)")
    #expect(paths == [])
    #expect(try FolderFingerprint(appliance.home).differences(from: before) == [])
  }

  @Test func dryRunReadsTheLogOfACrashedTimelineWithoutTouchingIt() async throws {
    let appliance = try RunningAppliance()
    try await appliance.startReady()
    appliance.killSupervisor()
    let before = try FolderFingerprint(appliance.home)
    let result = try Program.run(
      ["apply", "--dry-run", "--json"], home: appliance.home,
      environment: ["KAFCLAW_GATEWAY_AUTH_TOKEN": appliance.token])
    #expect(result.code == 0, "\(result.errors)")
    #expect(!result.output.contains("senders/web"))
    #expect(try FolderFingerprint(appliance.home).differences(from: before) == [])
  }

  @Test func secondApplyOfARunningApplianceWritesNothing() async throws {
    let appliance = try RunningAppliance()
    try await appliance.startReady()
    #expect(try appliance.run("apply").code == 0)
    let before = try FolderFingerprint(appliance.home)
    let second = try appliance.run("apply", "--json", "--exit-code")
    #expect(second.code == 0, "\(second.errors)")
    #expect(try FolderFingerprint(appliance.home).differences(from: before) == [])
    appliance.stop()
  }

  @Test func secondApplyWithoutARunningApplianceWritesNothing() throws {
    let appliance = try RunningAppliance()
    let environment = ["KAFCLAW_GATEWAY_AUTH_TOKEN": appliance.token]
    let first = try Program.run(["apply"], home: appliance.home, environment: environment)
    #expect(first.code == 0, "\(first.errors)")
    let (second, paths) = try OpenedForWriting.paths(
      ["apply"], home: appliance.home, environment: environment)
    #expect(second.code == 0, "\(second.errors)")
    #expect(paths == [])
  }

  @Test func exitCodesTellChangesInReview() throws {
    let scratch = try Scratch("codes")
    try copyExample(to: scratch)
    let folder = "\(scratch.path)/minimal"
    let home = "\(scratch.path)/none"
    #expect(try Program.run(["apply", "--dry-run", "--exit-code", folder], home: home).code == 2)
    let markdown = try Program.run(
      ["apply", "--dry-run", folder, "--output", "markdown"], home: home)
    #expect(markdown.output.hasPrefix("<!-- kafclaw-plan:v1"))
    #expect(try Program.run(["apply", folder], home: home).code == 64)
  }

  private func copyExample(to scratch: Scratch) throws {
    for name in ["kafclaw.yaml", "workspace/AGENTS.md", "workspace/SOUL.md"] {
      let text = try String(contentsOfFile: "\(Self.example)/\(name)", encoding: .utf8)
      try scratch.write("minimal/\(name)", text)
    }
  }
}
