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
