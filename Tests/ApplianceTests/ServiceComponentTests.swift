// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Components that somebody else starts, as a service manager does: again and again.
@Suite(.serialized) struct ServiceComponentTests {
  private let appliance: RunningAppliance
  private let manager: ComponentManager

  init() async throws {
    appliance = try RunningAppliance(name: "services")
    let user = geteuid() == 0 ? Program.unprivilegedUser : geteuid()
    try appliance.scratch.write(
      "home/.config/kafclaw/appliance.yaml",
      """
      version: 1
      source: {repository: "\(appliance.repository.path)", branch: main, verify: none}
      components: {start: systemd, gatewayUser: "\(user)", agentUser: "\(user)", toolsUser: "\(user)"}
      """)
    try appliance.repository.commit([
      "kafclaw.yaml": appliance.yaml(
        """
        senders: {owners: [olga]}
        skills: {sandbox: bubblewrap}
        tools:
          approvals: {require: []}
          exec:
            profiles:
              wait: {binary: /usr/bin/sleep, timeout: 5m}

        """)
    ])
    manager = try ComponentManager(home: appliance.home)
    try await appliance.startReady()
  }

  @Test("they answer, come back when they are killed, and end with the supervisor")
  func life() async throws {
    #expect(try await appliance.chat("hello").status == 200)
    for name in ["agent", "gateway"] {
      let pid = try #require(try appliance.status().pid(name))
      kill(Int32(pid), SIGKILL)
      #expect(
        await eventually {
          guard let status = try? appliance.status(), status.ready else { return false }
          return status.pid(name) != pid
        }, "\(name)")
      #expect(try await appliance.chat("again").status == 200)
    }
    #expect(appliance.stop() == 0)
    #expect(await eventually { manager.isIdle })
  }

  @Test("the ways to their sockets are no finding, and what is open beside them is one")
  func modes() throws {
    let checked = try appliance.run("security", "check", "--skip", "host.updates").output
    #expect(checked.contains("ok    state.modes"), "\(checked)")
    _ = try Program.command(["chmod", "777", "\(appliance.home)/.kafclaw/run/role"])
    let open = try appliance.run("security", "check", "--skip", "host.updates").output
    #expect(!open.contains("ok    state.modes"), "\(open)")
  }

  /// Begins a command that takes minutes.
  ///
  /// - Returns: What tells it from others, and the message that asked for it.
  private func begin(in session: String) async throws -> (
    mark: String, message: RunningAppliance.Answer
  ) {
    let mark = "\(UInt32.random(in: 1_000_000...9_999_999))"
    let call: [Any] = ["exec", ["profile": "wait", "arguments": [mark]] as [String: Any]]
    var question = RunningAppliance.Question(
      "/calls \(try RunningAppliance.Question.json([call]))", from: "olga", in: session)
    question.isAsync = true
    let message = try await appliance.ask(question)
    #expect(await eventually { Self.isRunning(mark) })
    return (mark, message)
  }

  private static func isRunning(_ mark: String) -> Bool {
    // `try?`: what cannot be looked at is looked at again.
    (try? ExecPath.processes().values.contains { $0.contains("sleep") && $0.contains(mark) })
      ?? true
  }

  @Test(
    "containment hangs up on the tools, and tells a command as killed once another process says so",
    .enabled(if: ExecPath.isUsable, "bubblewrap cannot be used here"))
  func containment() async throws {
    for session in ["first", "second"] {
      let (mark, message) = try await begin(in: session)
      let contained = try appliance.run(
        "incident", "contain", "--level", "tools", "--keep-token", "--reason", "it runs")
      #expect(contained.code == 0, "\(contained)")
      let reply = try await appliance.reply(to: message)
      #expect(reply.contains("it was killed: an operator took tools away"), "\(reply)")
      #expect(!Self.isRunning(mark))
      #expect(try appliance.run("incident", "lift", "--reason", "over").code == 0)
    }
  }

  @Test(
    "stopping ends a command", .enabled(if: ExecPath.isUsable, "bubblewrap cannot be used here"))
  func stopping() async throws {
    let (mark, _) = try await begin(in: "stopped")
    #expect(appliance.stop() == 0)
    #expect(await eventually { !Self.isRunning(mark) })
  }

  @Test("they are connected again to a supervisor that was killed")
  func killedSupervisor() async throws {
    appliance.killSupervisor()
    try await appliance.startReady()
    #expect(try await appliance.chat("hello").status == 200)
  }
}

/// Starts the three components whenever they are not there, until it goes.
final class ComponentManager {
  private let process: Process
  private let home: String

  init(home: String) throws {
    self.home = home
    let script = """
      for role in gateway agent tools; do
        while test -e "$0"; do
          "$1" component $role --socket "$0/.kafclaw/run/role/$role.sock" 2>>"$0/components.log"
          sleep 0.1
        done &
      done
      wait
      """
    process = Program.makeProcess(
      ["sh", "-c", script, home, Program.path], home: home, environment: [:], asRoot: false)
    try process.run()
  }

  /// Whether none of them is connected: those that run wait for their supervisor.
  var isIdle: Bool {
    !FileManager.default.fileExists(atPath: "\(home)/.kafclaw/run/role/gateway.sock")
  }

  deinit {
    // The shell, its loops and what they started have the home in their arguments.
    // `try?`: what is left over ends with the scratch folder.
    _ = try? Program.command(["pkill", "-KILL", "-f", home])
    process.waitUntilExit()
  }
}
