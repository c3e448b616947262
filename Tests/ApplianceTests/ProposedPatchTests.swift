// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// From a finding over a patch and a commit to a host without the finding, with the real program.
@Suite(.serialized) struct ProposedPatchTests {
  private let appliance: RunningAppliance

  init() throws { appliance = try RunningAppliance() }

  /// Strangers may write, and everybody may run commands anywhere.
  private var loose: String {
    RunningAppliance.yaml(port: appliance.port, dashboardPort: appliance.dashboardPort)
      .replacingOccurrences(
        of: "{type: web, allow: [alice]}", with: "{type: web, dmPolicy: open}  # for now")
      + "tools:\n  exec: {restrictWorkspace: false}\n  tiers:\n    external: 'write' # too much\n"
  }

  private struct Report: Decodable {
    struct Row: Decodable {
      let path: String
      let reason: String
    }

    let formatVersion: Int
    let proposals: [Row]
    let patch: String
    let left: [Row]
  }

  private func report() throws -> Report {
    let result = try appliance.run("doctor", "--patch", "--output", "json")
    #expect(result.code == 0, "\(result.errors)")
    return try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
  }

  private func apply(_ patch: String) throws {
    try appliance.scratch.write("change.patch", patch)
    try appliance.repository.git(["apply", "\(appliance.scratch.path)/change.patch"])
    try appliance.repository.git(["add", "-A"])
    try appliance.repository.git(["commit", "-q", "-m", "take what was proposed"])
  }

  @Test func patchClearsTheFindingsAndChangesNothingElse() throws {
    try appliance.repository.commit(["kafclaw.yaml": loose])
    let before = try FolderFingerprint(appliance.home)
    let result = try appliance.run("doctor", "--patch")
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.hasPrefix("diff --git a/kafclaw.yaml b/kafclaw.yaml\n"))
    #expect(result.errors.contains("tools.exec.restrictWorkspace: true, because "))
    #expect(try FolderFingerprint(appliance.home) == before)
    #expect(try appliance.repository.git(["status", "--porcelain"]).output == "")
    try apply(result.output)
    let expected =
      loose
      .replacingOccurrences(
        of: "dmPolicy: open}  # for now", with: "dmPolicy: allowlist}  # for now"
      )
      .replacingOccurrences(of: "Workspace: false", with: "Workspace: true")
      .replacingOccurrences(of: "'write' # too much", with: "'read' # too much")
    let file = "\(appliance.repository.path)/kafclaw.yaml"
    #expect(try String(contentsOfFile: file, encoding: .utf8) == expected)
    let again = try appliance.run("doctor", "--patch")
    #expect(again.code == 0)
    #expect(again.output == "")
    #expect(again.errors.contains("there is nothing to propose"))
  }

  @Test func absentFieldsComeAsAFileAndTheRestIsLeft() throws {
    let text = RunningAppliance.yaml(port: appliance.port, dashboardPort: appliance.dashboardPort)
    let strict = "guardrails: [baseline, strict]\ntools: {tiers: {internal: high-risk}}\n"
    try appliance.repository.commit(["kafclaw.yaml": text + strict])
    let found = try report()
    #expect(found.formatVersion == 1)
    #expect(found.proposals.map(\.path).sorted() == ["tools.deny", "tools.tiers.internal"])
    #expect(found.left.isEmpty)
    #expect(found.patch.contains("new file mode 100644\n"))
    #expect(found.patch.contains("+tools:\n+  deny: [exec]\n"))
    try apply(found.patch)
    #expect(try report().patch == "")
    // A list that is there is not rewritten.
    try appliance.repository.commit(["kafclaw.d/90-proposed.yaml": "tools:\n  deny: [web_fetch]\n"])
    let rest = try report()
    #expect(rest.patch == "")
    #expect(rest.left.map(\.path) == ["tools.deny"])
    #expect(rest.left.first?.reason.contains("is a list at kafclaw.d/90-proposed.yaml:2:3") == true)
  }

  /// What runs may be older than the commit that repairs it.
  @Test func commitThatRepairsItAlreadyIsTold() throws {
    try appliance.repository.commit(["kafclaw.yaml": loose + "guardrails: []\n"])
    let applied = try Program.run(
      ["apply"], home: appliance.home,
      environment: ["KAFCLAW_GATEWAY_AUTH_TOKEN": appliance.token])
    #expect(applied.code == 0, "\(applied.errors)")
    let patch = try report().patch
    try apply(patch)
    let rest = try report()
    #expect(!rest.proposals.isEmpty)
    #expect(rest.patch == "")
    #expect(rest.left.allSatisfy { $0.reason.hasPrefix("is so already (kafclaw.yaml:") })
    #expect(rest.left.map(\.path) == rest.proposals.map(\.path))
  }

  @Test func pathsAreThoseOfTheRepository() throws {
    try appliance.repository.remove("kafclaw.yaml")
    try appliance.repository.commit(["edge/kafclaw.yaml": loose])
    try appliance.scratch.write(
      "home/.config/kafclaw/appliance.yaml",
      """
      version: 1
      source: {repository: "\(appliance.repository.path)", branch: main, path: edge, verify: none}

      """)
    let found = try report()
    #expect(found.patch.hasPrefix("diff --git a/edge/kafclaw.yaml b/edge/kafclaw.yaml\n"))
    try apply(found.patch)
    #expect(try report().proposals.isEmpty)
  }

  @Test func withoutAStateThereIsNoPatch() throws {
    try appliance.repository.commit(["kafclaw.yaml": "version: 1\n"])
    let result = try appliance.run("doctor", "--patch")
    #expect(result.code == 3)
    #expect(result.output == "")
    #expect(result.errors.contains("cannot say what to propose"))
    let sarif = try appliance.run("doctor", "--patch", "--output", "sarif")
    #expect(sarif.code == 64)
  }
}
