// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// What is not recorded is not done, from outside.
@Suite(.serialized) struct AuditedDeedTests {
  private let appliance: RunningAppliance

  init() throws { appliance = try RunningAppliance() }

  private var segment: String {
    "\(appliance.home)/.kafclaw/audit/00000000000000000000.jsonl"
  }

  private func once() throws -> Int32 {
    try Program.run(
      ["run", "--once"], home: appliance.home,
      environment: ["KAFCLAW_GATEWAY_AUTH_TOKEN": appliance.token]
    ).code
  }

  private func change() throws {
    let text = RunningAppliance.yaml(
      port: appliance.port, dashboardPort: appliance.dashboardPort, allow: "[alice, bob]")
    try appliance.repository.commit(["kafclaw.yaml": text])
  }

  @Test func deedsAreRecordedInOrder() async throws {
    try await appliance.startReady()
    #expect(try await appliance.chat("/read AGENTS.md").status == 200)
    try change()
    #expect(try appliance.run("reconcile").code == 0)
    #expect(try appliance.run("suspend", "--reason", "night", "--until", "1h").code == 0)
    #expect(try appliance.run("resume").code == 0)
    #expect(appliance.stop() == 0)
    let shown = try appliance.run("audit", "show", "--limit", "100").output
    let kinds = shown.split(separator: "\n").map { line in
      line.split(separator: " ").dropFirst(2).prefix(2).joined(separator: " ")
    }
    let expected = [
      "audit.begin done", "appliance.start done", "reconcile.apply intent", "reconcile.apply done",
      "access.login done", "tool.call intent", "tool.decision intent", "reconcile.apply intent",
      "reconcile.apply done",
      "reconcile.hold intent", "reconcile.hold done", "reconcile.hold intent",
      "reconcile.hold done", "appliance.stop done",
    ]
    #expect(kinds == expected, "\(shown)")
    #expect(try appliance.run("audit", "verify").code == 0)
  }

  @Test func applyThatCannotBeRecordedIsNotDone() async throws {
    try await appliance.startReady()
    let before = try appliance.status().revisions.applied
    try Program.command(["mv", segment, segment + ".away"])
    try Program.command(["mkdir", segment])
    try change()
    let refused = try appliance.run("reconcile")
    #expect(refused.code == 1)
    #expect(refused.errors.contains("the audit log cannot be written"), "\(refused.errors)")
    #expect(try appliance.status().revisions.applied == before)
    #expect(try await appliance.chat("/read AGENTS.md").body.contains("AGENTS") == false)
    try Program.command(["rmdir", segment])
    try Program.command(["mv", segment + ".away", segment])
    #expect(try appliance.run("reconcile").code == 0)
    #expect(try appliance.status().revisions.applied != before)
    #expect(appliance.stop() == 0)
    #expect(try appliance.run("audit", "verify").code == 0)
  }

  @Test func editedLogIsNamedAndNotContinued() async throws {
    #expect(try once() == 0)
    try Program.command(["sed", "-i", "2s/appliance.start/appliance.stare/", segment])
    let verified = try appliance.run("audit", "verify", "--json")
    #expect(verified.code == 1)
    #expect(verified.output.contains("\"edited\"") && verified.output.contains("\"sequence\" : 1"))
    try change()
    // Sealed lines are not read again by whoever continues the log; verification is for that.
    #expect(try once() == 0)
    #expect(try appliance.run("audit", "verify").code == 1)
    #expect(try appliance.run("audit", "begin-anew", "--reason", "somebody edited it").code == 0)
    #expect(try appliance.run("audit", "verify").code == 0)
  }

  @Test func proofHoldsOnAnotherMachine() async throws {
    #expect(try appliance.run("tomb", "init").code == 0)
    #expect(try once() == 0)
    let proof = try appliance.run("audit", "explain", "1", "--json")
    #expect(proof.code == 0, "\(proof.errors)")
    let file = "\(appliance.scratch.path)/proof.json"
    try proof.output.write(toFile: file, atomically: true, encoding: .utf8)
    try Program.command(["chmod", "a+r", file])
    let checkpoint = try appliance.run("audit", "checkpoint", "--json").output
    let key = try #require(checkpoint.firstMatch(of: /"publicKey" : "([0-9a-f]{64})"/)?.1)
    let elsewhere = try Scratch("elsewhere")
    let check = ["audit", "check-proof", file, "--key"]
    #expect(try Program.run(check + [String(key)], home: elsewhere.path).code == 0)
    let other = String(repeating: "ab", count: 32)
    #expect(try Program.run(check + [other], home: elsewhere.path).code == 1)
    let forged = proof.output.replacingOccurrences(of: "tomb.change", with: "tomb.chance")
    #expect(forged != proof.output)
    try forged.write(toFile: file, atomically: true, encoding: .utf8)
    try Program.command(["chmod", "a+r", file])
    #expect(try Program.run(check + [String(key)], home: elsewhere.path).code == 1)
  }
}
