// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// `kafclaw security audit --deep` against the real program.
@Suite(.serialized) struct DeepAuditTests {
  private static let command = ["security", "audit", "--deep"]
  private static let scans = [
    "--only", "scan.state", "--only", "scan.git", "--only", "audit.verified",
  ]

  private let appliance: RunningAppliance
  private let sealed = "planted-\(UUID().uuidString)-\(UUID().uuidString)"
  private let credential = "planted-\(UUID().uuidString)-\(UUID().uuidString)"

  init() async throws {
    appliance = try RunningAppliance(name: "deep")
    #expect(try appliance.command(["tomb", "init"]).code == 0)
    #expect(
      try Program.run(["tomb", "set", "service"], home: appliance.home, input: sealed).code == 0)
    try plant(credential, at: ".config/kafclaw/credentials/service")
    try Program.command(["chmod", "700", "\(appliance.home)/.config/kafclaw/credentials"])
    try await appliance.startReady()
  }

  private func plant(_ text: String, at name: String) throws {
    try appliance.scratch.write("home/\(name)", text)
    try Program.command(["chmod", "600", "\(appliance.home)/\(name)"])
  }

  @Test func runningApplianceWithstandsEveryProbe() throws {
    let found = try appliance.examine(Self.command + ["--skip", "host.upgradable"])
    #expect(found.findings == ["source.verified": "warn"])
    let probes = found.checks.filter { $0.id.hasPrefix("probe.") }
    #expect(probes.count >= 10 && probes.allSatisfy { $0.status == "pass" && $0.applies })
    for id in ["scan.state", "scan.git", "scan.processes", "audit.verified", "timeline.verified"] {
      let check = try #require(found.check(id))
      #expect(check.status == "pass" && check.applies, "\(id): \(check.evidence)")
    }
    #expect(try appliance.status().ready)
    #expect(try appliance.examine().findings == [:])
    appliance.stop()
  }

  @Test func plantedSecretsAreNamedWithoutTheirValues() throws {
    let base64 = Data("x\(sealed)".utf8).base64EncodedString()
    try plant("a note: \(credential)\n", at: ".kafclaw/workspace/note.txt")
    try plant("{\"a\": \"\(base64)\"}\n", at: ".kafclaw/reconciler/note.json")
    try appliance.repository.commit(["old.txt": "key: \(sealed)\n"])
    try appliance.repository.remove("old.txt")
    #expect(try appliance.command(["reconcile"]).code == 0)
    let result = try appliance.command(Self.command + Self.scans + ["--json"])
    #expect(result.code == 1)
    let found = try appliance.examine(Self.command + Self.scans)
    #expect(found.findings == ["scan.state": "fail", "scan.git": "fail"])
    let state = try #require(found.check("scan.state")?.evidence)
    #expect(state.contains("workspace/note.txt at byte 8: file:service in plain"), "\(state)")
    #expect(state.contains("reconciler/note.json") && state.contains("tomb:service in base64"))
    let git = try #require(found.check("scan.git")?.evidence)
    for place in [appliance.repository.path, "\(appliance.home)/.kafclaw/source.git"] {
      #expect(git.contains("\(place): blob "), "\(git)")
    }
    #expect(git.contains("\"old.txt\"") && git.contains("tomb:service in plain"))
    for secret in [sealed, credential, base64] { #expect(!result.output.contains(secret)) }
    for name in ["workspace/note.txt", "reconciler/note.json"] {
      try Program.command(["rm", "\(appliance.home)/.kafclaw/\(name)"])
    }
    #expect(try appliance.examine(Self.command + Self.scans).findings == ["scan.git": "fail"])
    appliance.stop()
  }
}
