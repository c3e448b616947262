// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// What is removed on purpose, and what is not removed by accident, from outside.
@Suite(.serialized) struct DeletionTests {
  private let appliance: RunningAppliance
  private static let web = "web: {type: web, allow: [alice]}"

  init() throws { appliance = try RunningAppliance(name: "deletion") }

  private func yaml(channels: String = web, reconcile: String = "") -> String {
    let end = reconcile.isEmpty ? "" : ", \(reconcile)"
    return """
      version: 1
      appliance: {name: test-claw, incidentOwner: ops}
      gateway: {port: \(appliance.port), dashboardPort: \(appliance.dashboardPort)}
      channels: {\(channels)}
      reconcile: {interval: 1h, health: {window: 0s}\(end)}

      """
  }

  private func commit(_ text: String) throws {
    try appliance.repository.commit(["kafclaw.yaml": text])
  }

  private func reconcile() throws -> Int32 { try appliance.run("reconcile").code }

  private static let names = (1...6).map { "workspace/NOTE\($0).md" }

  /// A running appliance with seven workspace files.
  private func startWithFiles() async throws {
    try commit(yaml())
    try await appliance.startReady()
    var files = ["workspace/AGENTS.md": "Be brief.\n"]
    for name in Self.names { files[name] = "note\n" }
    try appliance.repository.commit(files)
    #expect(try reconcile() == 0)
    #expect(try notes() == 6)
  }

  private func notes() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "\(appliance.home)/.kafclaw/workspace")
      .filter { $0.hasPrefix("NOTE") }.count
  }

  private func removeFiles(_ names: [String] = names) throws {
    try appliance.repository.git(["rm", "-q"] + names)
    try appliance.repository.git(["commit", "-q", "-m", "tidy up"])
  }

  /// The digest that a held plan asks for.
  private func heldDigest() throws -> String {
    let held = try appliance.run("reconcile")
    #expect(held.code == 10)
    #expect(held.output.contains("6 deletions, 3 at most at once"))
    #expect(try notes() == 6)
    return String(
      try #require(held.output.firstMatch(of: /add "(sha256:[0-9a-f]{64})"/)?.output.1))
  }

  private func channels() throws -> String {
    let lines = try appliance.run("status").output.split(separator: "\n")
    return lines.filter { $0.contains(" channel ") }.joined()
  }

  @Test func protectedChannelIsRemovedInTwoCommits() async throws {
    let old = "old: {type: web, allow: [bob], protect: true}"
    try commit(yaml(channels: "\(Self.web), \(old)"))
    try await appliance.startReady()
    try commit(yaml())
    let held = try appliance.run("reconcile")
    #expect(held.code == 10)
    #expect(held.output.contains("protected; first commit protect: false"))
    #expect(try channels().contains("old"))
    let open = old.replacingOccurrences(of: "true", with: "false")
    try commit(yaml(channels: "\(Self.web), \(open)"))
    #expect(try reconcile() == 0)
    #expect(try channels().contains("old"))
    try commit(yaml())
    #expect(try reconcile() == 0)
    #expect(try !channels().contains("old"))
    appliance.stop()
  }

  @Test func manyDeletionsPassOnTheCommandLine() async throws {
    try await startWithFiles()
    try removeFiles()
    let digest = try heldDigest()
    let wrong = digest.dropLast() + (digest.hasSuffix("0") ? "1" : "0")
    #expect(try appliance.run("apply", "--acknowledge", String(wrong)).code == 10)
    #expect(try notes() == 6)
    #expect(try appliance.run("apply", "--acknowledge", digest).code == 0)
    #expect(try notes() == 0)
    appliance.stop()
  }

  @Test func manyDeletionsPassInTheRepository() async throws {
    try await startWithFiles()
    try removeFiles()
    try commit(yaml(reconcile: "acknowledgeDeletions: [\"\(try heldDigest())\"]"))
    #expect(try reconcile() == 0)
    #expect(try notes() == 0)
    // It was for these alone.
    let others = (1...6).map { "workspace/NOTE-OTHER\($0).md" }
    try appliance.repository.commit(Dictionary(uniqueKeysWithValues: others.map { ($0, "note") }))
    #expect(try reconcile() == 0)
    try removeFiles(others)
    #expect(try reconcile() == 10)
    #expect(try notes() == 6)
    appliance.stop()
  }

  @Test func rollbackRemovesHoweverMuchCameSince() async throws {
    try await startWithFiles()
    let back = try appliance.run("rollback", "--reason", "too many", "--until", "1h")
    #expect(back.code == 0, "\(back.errors)")
    #expect(try notes() == 0)
    #expect(try appliance.status().conditions.contains { $0.type == "Pinned" })
    appliance.stop()
  }

  /// The repository cannot be followed for longer than `reconcile.maxStaleness`.
  @Test func staleApplianceSaysSoAndRemovesNothing() async throws {
    try await startWithFiles()
    try commit(yaml(reconcile: "maxStaleness: 1s"))
    #expect(try reconcile() == 0)
    let tip = try appliance.repository.head
    try appliance.repository.git(["reset", "-q", "--hard", "HEAD~1"])
    #expect(try reconcile() == 7)
    #expect(
      await eventually {
        let stale = try? appliance.status().conditions.first { $0.type == "Stale" }
        return stale?.reason == "SourceTooOld"
      })
    try appliance.repository.git(["reset", "-q", "--hard", tip])
    try appliance.repository.git(["rm", "-q", Self.names[0]])
    let held = try appliance.run(
      "apply", appliance.repository.path, "--unverified", "--reason", "tidy up")
    #expect(held.code == 10, "\(held.errors)")
    #expect(held.output.contains("the source was not fetched for too long"))
    #expect(try notes() == 6)
    #expect(try reconcile() == 0, "it is where it was")
    appliance.stop()
  }
}
