// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// What the timeline and checkpoints tell of a log that was exchanged, from outside.
@Suite(.serialized) struct AuditAnchorTests {
  private let appliance: RunningAppliance

  init() throws { appliance = try RunningAppliance(name: "anchors") }

  private func once() throws -> Int32 {
    try Program.run(
      ["run", "--once"], home: appliance.home,
      environment: ["KAFCLAW_GATEWAY_AUTH_TOKEN": appliance.token]
    ).code
  }

  private func change(_ allow: String) throws {
    let text = RunningAppliance.yaml(
      port: appliance.port, dashboardPort: appliance.dashboardPort, allow: allow)
    try appliance.repository.commit(["kafclaw.yaml": text])
  }

  private func verify() throws -> Program.Result { try appliance.run("audit", "verify") }

  /// All that belongs to the log, in its folder and apart from it.
  private var log: [String] {
    ["/.kafclaw/audit", "/.config/kafclaw/audit.origin", "/.config/kafclaw/audit.anchor"]
      .map { appliance.home + $0 }
  }

  private func keep() throws {
    for path in log { #expect(try Program.command(["cp", "-a", path, path + ".kept"]).code == 0) }
  }

  private func remove() throws { #expect(try Program.command(["rm", "-r"] + log).code == 0) }

  private func putBack() throws {
    try remove()
    for path in log { #expect(try Program.command(["mv", path + ".kept", path]).code == 0) }
  }

  private func write(_ text: String, _ name: String) throws -> String {
    let file = "\(appliance.scratch.path)/\(name)"
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    try Program.command(["chmod", "a+r", file])
    return file
  }

  @Test func olderCopyOfLogAndAnchorIsFound() async throws {
    #expect(try once() == 0)
    try keep()
    try change("[alice, bob]")
    #expect(try once() == 0)
    let intact = try verify()
    #expect(intact.code == 0 && !intact.output.contains("note:"), "\(intact.output)")
    try putBack()
    let stopped = try verify()
    #expect(stopped.code == 1 && stopped.output.contains("truncated"), "\(stopped.output)")
    #expect(stopped.output.contains("timeline.db"))
    // The log is continued; the running appliance tells of it as well.
    try await appliance.startReady()
    let running = try verify()
    #expect(running.code == 1 && running.output.contains("timeline.db"), "\(running.output)")
    #expect(appliance.stop() == 0)
    #expect(try verify().code == 1)
  }

  @Test func runningApplianceTellsOfItsSeals() async throws {
    #expect(try once() == 0)
    try await appliance.startReady()
    let running = try verify()
    #expect(running.code == 0 && !running.output.contains("note:"), "\(running.output)")
    #expect(appliance.stop() == 0)
  }

  @Test func timelineThatCannotBeReadIsToldApart() throws {
    #expect(try once() == 0)
    let timeline = "\(appliance.home)/.kafclaw/timeline.db"
    try Program.command(["sh", "-c", "yes nonsense | head -c 8192 > \(timeline)"])
    let verified = try verify()
    #expect(verified.code == 1)
    #expect(verified.output.contains("timeline.db: line"), "\(verified.output)")
    #expect(verified.output.contains("unread") && verified.output.contains("not known:"))
    try Program.command(["rm", timeline])
    let without = try verify()
    #expect(without.code == 0 && without.output.contains("note:"), "\(without.output)")
  }

  @Test func otherLogIsFoundUnlessItSaysWhy() throws {
    #expect(try once() == 0)
    try remove()
    #expect(try once() == 0)
    let other = try verify()
    #expect(other.code == 1 && other.output.contains("rewritten"), "\(other.output)")
    #expect(try appliance.run("audit", "begin-anew", "--reason", "it was lost").code == 0)
    for _ in 0..<2 {
      let anew = try verify()
      #expect(anew.code == 0 && anew.output.contains("it was lost"), "\(anew.output)")
      #expect(try once() == 0)
    }
  }

  @Test func logIsProvedToContinueACheckpoint() throws {
    #expect(try appliance.run("tomb", "init").code == 0)
    #expect(try once() == 0)
    let checkpoint = try appliance.run("audit", "checkpoint", "--json").output
    let kept = try write(checkpoint, "checkpoint.json")
    let key = String(try #require(checkpoint.firstMatch(of: /"publicKey" : "([0-9a-f]{64})"/)?.1))
    try change("[alice, bob]")
    #expect(try once() == 0)
    let proof = try appliance.run("audit", "prove-since", kept)
    #expect(proof.code == 0, "\(proof.errors)")
    let elsewhere = try Scratch("elsewhere")
    func check(_ text: String, _ more: [String] = []) throws -> Program.Result {
      let words = ["audit", "check-proof", try write(text, "proof.json"), "--key", key] + more
      return try Program.run(words, home: elsewhere.path)
    }
    let checked = try check(proof.output, ["--since", kept])
    #expect(checked.code == 0 && checked.output.contains("consistency"), "\(checked)")
    let record = try check(try appliance.run("audit", "explain", "1", "--json").output)
    #expect(record.code == 0 && record.output.contains("proof of a record"), "\(record)")
    let root = try #require(checkpoint.firstMatch(of: /"root" : "([0-9a-f]{64})"/)?.1)
    let altered = proof.output.replacing(root, with: String(root.reversed()))
    #expect(altered != proof.output)
    #expect(try check(altered).code == 1)
    let later = try appliance.run("audit", "checkpoint", "--json").output
    #expect(try check(proof.output, ["--since", try write(later, "later.json")]).code == 1)
    #expect(try appliance.run("audit", "begin-anew", "--reason", "a test").code == 0)
    #expect(try appliance.run("audit", "prove-since", kept).code == 1)
  }
}
