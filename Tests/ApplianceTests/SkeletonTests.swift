// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// From a commit to an answer, with the real program.
@Suite(.serialized) struct SkeletonTests {
  @Test func commitBecomesAnAnsweringGateway() async throws {
    let appliance = try RunningAppliance()
    try await appliance.startReady()
    let chat = try appliance.run("chat", "-m", "hello")
    #expect(chat.code == 0)
    #expect(chat.output == "test-claw (offline): you said: hello\n")
    let answer = try await appliance.chat("hi")
    #expect(answer.status == 200)
    #expect(answer.value("reply") == "test-claw (offline): you said: hi")
    #expect(try appliance.status().revisions.applied == appliance.repository.head)
    #expect(appliance.stop() == 0)
  }

  @Test func toolsWorkInTheWorkspaceAndNowhereElse() async throws {
    let appliance = try RunningAppliance()
    try await appliance.startReady()
    let written = try appliance.run("chat", "-m", "/write notes/a.txt some text\n/read notes/a.txt")
    #expect(written.output.contains("read_file: some text"))
    let escape = try appliance.run("chat", "-m", "/read ../timeline.db\n/read /etc/passwd")
    #expect(!escape.output.contains("root:"))
    #expect(escape.output.components(separatedBy: "failed").count == 3)
    appliance.stop()
  }

  @Test func driftOfEveryKindIsCorrectedAndNamed() async throws {
    let appliance = try RunningAppliance()
    try await appliance.startReady()
    let state = "\(appliance.home)/.kafclaw"
    try FileManager.default.removeItem(atPath: "\(state)/config.json")
    _ = chmod("\(state)/run", 0o755)
    let edit = try Program.command([
      "python3", "-c",
      """
      import sqlite3, sys
      c = sqlite3.connect(sys.argv[1], timeout=10)
      c.execute("DELETE FROM channel_sender")
      c.execute("INSERT INTO channel_sender VALUES ('web', 'mallory')")
      c.commit()
      """, "\(state)/timeline.db",
    ])
    #expect(edit.code == 0, "\(edit.errors)")
    let agent = try #require(try appliance.status().pid("agent"))
    kill(Int32(agent), SIGKILL)
    #expect(await eventually { (try? appliance.status().pid("agent")).flatMap { $0 } != agent })
    #expect(try appliance.run("reconcile").code == 0)
    #expect(try appliance.status().ready)
    let history = try appliance.run("history").output
    for name in ["configuration/config.json", "modes/run/", "senders/web", "component/agent"] {
      #expect(history.contains("\(name) (drift)") || history.contains("\(name) (deleted-outside)"))
    }
    #expect(try await appliance.chat("x", sender: "mallory").status == 403)
    #expect(try await appliance.chat("x", sender: "alice").status == 200)
    appliance.stop()
  }

  @Test func changesTakeEffectWithoutARestart() async throws {
    let appliance = try RunningAppliance()
    try await appliance.startReady()
    let before = try appliance.status()
    #expect(try await appliance.chat("x", sender: "bob").status == 403)
    let load = Task { try await self.hammer(appliance) }
    try appliance.repository.commit([
      "kafclaw.yaml": RunningAppliance.yaml(
        port: appliance.port, dashboardPort: appliance.dashboardPort, allow: "[alice, bob]")
    ])
    #expect(try appliance.run("reconcile").code == 0)
    #expect(try await appliance.chat("x", sender: "bob").status == 200)
    load.cancel()
    let failures = try await load.value
    #expect(failures.isEmpty, "\(failures)")
    let after = try appliance.status()
    #expect(before.pid("gateway") == after.pid("gateway"))
    #expect(before.pid("agent") == after.pid("agent"))
    appliance.stop()
  }

  @Test func aNewPortIsOpenBeforeTheOldOneCloses() async throws {
    let appliance = try RunningAppliance()
    try await appliance.startReady()
    let moved = try FreePort.next()
    let pid = try appliance.status().pid("gateway")
    try appliance.repository.commit([
      "kafclaw.yaml": RunningAppliance.yaml(
        port: moved, dashboardPort: appliance.dashboardPort)
    ])
    // At every moment one of the two ports answers: watched from before the change to after it.
    let watch = Task { try await self.gaps(appliance, [appliance.port, moved]) }
    #expect(try appliance.run("reconcile").code == 0)
    watch.cancel()
    #expect(try await watch.value == 0)
    #expect(try await appliance.request(.GET, "/healthz", port: moved).status == 200)
    #expect(
      await eventually {
        (try? await appliance.request(
          .GET, "/healthz", port: appliance.port, seconds: 1)) == nil
      })
    #expect(try appliance.status().pid("gateway") == pid)
    appliance.stop()
  }

  private func hammer(_ appliance: RunningAppliance) async throws -> [String] {
    var failures: [String] = []
    while !Task.isCancelled {
      do {
        let answer = try await appliance.chat("load", sender: "alice")
        if answer.status != 200 { failures.append("\(answer.status) \(answer.body)") }
      } catch {
        if !Task.isCancelled { failures.append("\(error)") }
      }
    }
    return failures
  }

  private func gaps(_ appliance: RunningAppliance, _ ports: [Int]) async throws -> Int {
    var gaps = 0
    while !Task.isCancelled {
      var answered = false
      // The old port first: asked in this order, a hand-over between the two questions is no gap.
      for port in ports where !answered {
        answered =
          (try? await appliance.request(.GET, "/healthz", port: port, seconds: 1))?.status == 200
      }
      if !answered && !Task.isCancelled { gaps += 1 }
    }
    return gaps
  }
}
