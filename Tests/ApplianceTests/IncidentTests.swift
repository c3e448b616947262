// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import NIOHTTP1
import TestSupport
import Testing

/// The runbook's section 6: contain, keep evidence, come back in stages, one command a line.
@Suite(.timeLimit(.minutes(2)))
struct IncidentTests {
  private static let call = #"/call list_dir {\"path\":\".\"}"#

  private func webhook(_ bench: ChannelBench, _ id: String) async throws -> UInt {
    try await bench.hook(#"{"sender":"builder","message":"hello"}"#, id: id).status
  }

  private func commitStages(_ bench: ChannelBench, more: String = "") throws {
    let channels = ChannelBench.channels(bench.platforms.url)
      .replacing("allow: [builder]", with: "allow: [builder], stage: 1")
      .replacing("allow: [U0ALICE]", with: "allow: [U0ALICE], stage: 2")
    try bench.write(channels + more)
  }

  @Test("containment holds over kill -9, a restart and a commit, and is lifted stage by stage")
  func wholeIncident() async throws {
    let bench = try await ChannelBench("incident")
    try commitStages(bench)
    let appliance = bench.appliance
    #expect(try appliance.run("tomb", "init").code == 0)
    _ = try appliance.run("tomb", "add-recipient")
    try await bench.start()
    #expect(try await webhook(bench, "evt-1") == 202)
    #expect(try await appliance.chat(Self.call).value("reply")?.contains("denied") == false)

    let contained = try appliance.run(
      "incident", "contain", "--level", "all", "--reason", "odd calls at night")
    #expect(contained.code == 0 && contained.output.contains("odd calls at night"), "\(contained)")
    // The former token is refused at once, the new one is contained.
    #expect(try await appliance.chat("hello").status == 401)
    let token = try #require(contained.output.split(separator: "\n").last.map(String.init))
    let held = try await appliance.request(
      .POST, "/chat", body: #"{"message":"hello"}"#, token: token)
    #expect(held.status == 503, "\(held)")
    #expect(try await webhook(bench, "evt-2") == 403)
    #expect(try await bench.slack(ChannelBench.slackMessage("hello", ts: "5.1")).status == 200)

    // Nothing lifts it but an operator.
    appliance.killSupervisor()
    try appliance.start(environment: bench.environment)
    #expect(
      await eventually {
        (try? appliance.run("incident").output.contains("odd calls at night")) == true
      })
    #expect(await eventually { (try? await webhook(bench, "evt-3")) == 403 })
    try commitStages(bench, more: "  other: {type: web, dmPolicy: open}\n")
    #expect(try appliance.run("reconcile").code == 0)
    #expect(try await webhook(bench, "evt-4") == 403)
    let status = try appliance.run("status")
    #expect(status.code == 1 && status.output.contains("Contained"), "\(status.output)")
    let plan = try appliance.run("apply", "--dry-run")
    #expect((plan.output + plan.errors).contains("contained, whatever is applied"), "\(plan)")

    let evidence = try appliance.scratch.folder("kept") + "/night"
    let kept = try appliance.run("incident", "snapshot", evidence, "--reason", "for the record")
    #expect(kept.code == 0, "\(kept)")
    #expect(try appliance.run("incident", "snapshot", evidence, "--check").code == 0)

    // Stage 1 brings the webhook back, and reading tools.
    let first = try appliance.run("incident", "restore", "--stage", "1")
    #expect(first.code == 0 && first.output.contains("stages up to 1 are back"), "\(first)")
    #expect(try await webhook(bench, "evt-5") == 202)
    #expect(try await bench.slack(ChannelBench.slackMessage("hello", ts: "5.2")).status == 200)
    let local = try appliance.run("chat", "-m", #"/call list_dir {"path":"."}"#)
    #expect(local.code == 0 && !local.output.contains("denied"), "\(local)")
    let write = try appliance.run(
      "chat", "-m", #"/call write_file {"path":"x","text":"y"}"#)
    #expect(write.output.contains("incident.containment"), "\(write)")
    // What a stage is was settled when it was opened: a commit adds nothing.
    try bench.write(
      ChannelBench.channels(bench.platforms.url)
        .replacing("allow: [builder]", with: "allow: [builder], stage: 1")
        .replacing("allow: [U0ALICE]", with: "allow: [U0ALICE], stage: 1"))
    #expect(try appliance.run("reconcile").code == 0)
    #expect(try await bench.slack(ChannelBench.slackMessage("hello", ts: "5.25")).status == 200)
    try commitStages(bench)
    #expect(try appliance.run("reconcile").code == 0)
    // A stage whose channel the platform does not know stays closed.
    try await bench.platforms.fail("auth.test", count: 1, status: 503)
    let second = try appliance.run("incident", "restore", "--stage", "2")
    #expect(second.code == 1 && second.errors.contains("team-slack"), "\(second)")
    #expect(try appliance.run("incident").output.contains("stages up to 1 are back"))
    let third = try appliance.run("incident", "restore", "--stage", "2")
    try #require(third.code == 0, "\(third)")
    #expect(try await bench.slack(ChannelBench.slackMessage("hello", ts: "5.3")).status == 200)
    #expect(try await bench.platforms.waitForSent(1, on: "slack").count == 1)

    #expect(try appliance.run("incident", "lift", "--reason", "found and closed").code == 0)
    let after = try await appliance.request(
      .POST, "/chat", body: #"{"message":"hello"}"#, token: token)
    #expect(after.status == 200)
    let report = try appliance.run("incident", "report", "--since", "1h").output
    for words in ["incident/contain", "odd calls at night", "incident/lift", "channel/"] {
      #expect(report.contains(words), "\(words)\n\(report)")
    }
    #expect(try appliance.run("audit", "verify").code == 0)
  }

  @Test("an order that can be neither stored nor recorded holds, says so, and is stored later")
  func unstored() async throws {
    let bench = try await ChannelBench("unstored")
    try await bench.start()
    let folder = bench.appliance.home + "/.kafclaw/reconciler"
    #expect(chmod(folder, 0o500) == 0)
    let contained = try bench.appliance.run(
      "incident", "contain", "--level", "all", "--keep-token", "--reason", "odd")
    if contained.code != 0 {
      #expect(contained.errors.contains("HOLDS"), "\(contained)")
    }
    #expect(try await bench.appliance.chat("hello").status == 503)
    #expect(chmod(folder, 0o700) == 0)
    let file = folder + "/incident.json"
    #expect(await eventually { FileManager.default.fileExists(atPath: file) })
    bench.appliance.killSupervisor()
    try bench.appliance.start(environment: bench.environment)
    #expect(await eventually { (try? await bench.appliance.chat("hello").status) == 503 })
  }

  @Test("who may read or decide by HTTP may not while everything is contained")
  func clients() async throws {
    let bench = try await ChannelBench("clients")
    _ = try bench.appliance.run("tomb", "init")
    try await bench.start()
    let token = try bench.appliance.makeToken(
      "generate", "remote", "--scope", "operate", "--scope", "read", "--scope", "chat")
    let port = bench.appliance.dashboardPort
    func status() async throws -> String {
      try await bench.appliance.request(.GET, "/api/v1/status", port: port, token: token).body
    }
    #expect(try await status().contains("\"alerts\""))
    #expect(
      try bench.appliance.run("incident", "contain", "--reason", "x", "--keep-token").code == 0)
    let brief = try await status()
    #expect(brief.contains("\"conditions\"") && brief.contains("Contained"), "\(brief)")
    for hidden in ["alerts", "deadLetters", "audit", "backup"] {
      #expect(!brief.contains("\"\(hidden)\""), "\(brief)")
    }
    #expect(try bench.appliance.run("status", "--json").output.contains("\"alerts\""))
    let refused =
      [
        ("POST", "/api/v1/reconcile"), ("POST", "/api/v1/approvals/1"),
        ("GET", "/api/v1/approvals"),
      ].map { ($0.0, $0.1, port) } + [("GET", "/api/v1/messages/1", bench.appliance.port)]
    for (method, path, port) in refused {
      let answer = try await bench.appliance.request(
        .init(rawValue: method), path, body: #"{"decision":"approve"}"#, port: port, token: token)
      #expect(answer.status == 503 && answer.body.contains("contained"), "\(path) \(answer)")
    }
  }

  @Test("evidence that was changed is refused")
  func evidence() async throws {
    let bench = try await ChannelBench("evidence")
    let appliance = bench.appliance
    #expect(try appliance.run("tomb", "init").code == 0)
    _ = try appliance.run("tomb", "add-recipient")
    try await bench.start()
    let folder = try appliance.scratch.folder("kept") + "/one"
    #expect(try appliance.run("incident", "snapshot", folder, "--reason", "test").code == 0)
    let head = folder + "/repository/config"
    let name = FileManager.default.fileExists(atPath: head) ? head : folder + "/custody.json"
    let text = try Data(contentsOf: URL(filePath: name))
    try (text + Data(" ".utf8)).write(to: URL(filePath: name))
    if name == head {
      let checked = try appliance.run("incident", "snapshot", folder, "--check")
      #expect(checked.code == 1 && checked.errors.contains("was changed"), "\(checked)")
    }
    try Data("x".utf8).write(to: URL(filePath: folder + "/repository/more"))
    let more = try appliance.run("incident", "snapshot", folder, "--check")
    #expect(more.code == 1, "\(more)")
  }

  @Test("a stopped appliance sends nothing, has no processes, and stays stopped")
  func stop() async throws {
    let bench = try await ChannelBench("stop")
    try await bench.start()
    let appliance = bench.appliance
    try await bench.platforms.fail("chat.postMessage", count: 1_000, status: 503)
    #expect(try await bench.slack(ChannelBench.slackMessage("hello", ts: "6.1")).status == 200)
    #expect(
      await eventually {
        ((try? await bench.platforms.requests())?.contains { $0.path.contains("postMessage") })
          == true
      })
    let pids = try appliance.status().components.compactMap(\.pid)
    let stopped = try appliance.run("stop", "--reason", "maintenance")
    #expect(
      stopped.code == 0 && stopped.output.contains("held: 1 texts to team-slack"), "\(stopped)")
    #expect(pids.allSatisfy { kill(pid_t($0), 0) != 0 })
    let refused = try appliance.run("run", "--once")
    #expect(refused.code == 10 && refused.errors.contains("maintenance"), "\(refused)")
    #expect(try appliance.run("start", "--reason", "done").code == 0)
    try appliance.start(environment: bench.environment)
    #expect(await eventually { (try? appliance.status().ready) == true })
  }

  @Test("what says what is contained contains everything when it cannot be read")
  func damagedFile() async throws {
    let bench = try await ChannelBench("damaged")
    try await bench.start()
    #expect(
      try bench.appliance.run("incident", "contain", "--level", "tools", "--reason", "x").code == 0)
    bench.appliance.killSupervisor()
    try Data("{".utf8).write(
      to: URL(filePath: bench.appliance.home + "/.kafclaw/reconciler/incident.json"))
    let refused = try bench.appliance.run("run", "--once")
    #expect(refused.code == 10 && refused.errors.contains("cannot be read"), "\(refused)")
    #expect(try bench.appliance.run("start", "--reason", "looked at it").code == 0)
    try bench.appliance.start(environment: bench.environment)
    #expect(await eventually { (try? await bench.appliance.chat("hello").status) == 503 })
    #expect(
      try bench.appliance.run("incident").output.contains("cannot be read"))
  }
}
