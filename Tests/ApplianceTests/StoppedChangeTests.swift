// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// What `kafclaw apply` and `kafclaw suspend` leave for the next start.
@Suite(.serialized) struct StoppedChangeTests {
  private let appliance: RunningAppliance

  init() throws {
    appliance = try RunningAppliance(name: "stopped")
    try appliance.scratch.write(
      "home/.config/kafclaw/env", "KAFCLAW_GATEWAY_AUTH_TOKEN=\(appliance.token)\n")
    _ = chmod("\(appliance.home)/.config/kafclaw/env", 0o600)
  }

  private func change(port: Int) throws {
    try appliance.repository.commit([
      "kafclaw.yaml": RunningAppliance.yaml(port: port, dashboardPort: appliance.dashboardPort)
    ])
  }

  private func condition(_ type: String) -> RunningAppliance.Status.Condition? {
    // `try?`: an appliance that is still starting.
    (try? appliance.status())?.conditions.first { $0.type == type }
  }

  @Test func changeThatHurtsIsTakenBackByTheStart() async throws {
    try await appliance.startReady()
    let good = try appliance.repository.head
    #expect(appliance.stop() == 0)
    let taken = try TakenPort()
    try change(port: taken.number)
    let applied = try appliance.run("apply")
    #expect(applied.code == 0, "\(applied.errors)")
    try appliance.start()
    #expect(await eventually { condition("RolledBack") != nil })
    #expect(try appliance.status().revisions.applied == good)
    #expect(try await appliance.chat("hello", sender: "alice").status == 200)
    #expect(try appliance.run("reconcile").code == 10, "it is not tried again")
    appliance.stop()
  }

  @Test func suspendedApplianceServesAndLeavesTheRest() async throws {
    try await appliance.startReady()
    #expect(appliance.stop() == 0)
    #expect(try appliance.run("suspend", "--reason", "audit", "--until", "1h").code == 0)
    let file = "\(appliance.home)/.kafclaw/config.json"
    try FileManager.default.removeItem(atPath: file)
    try change(port: try FreePort.next())
    try appliance.start()
    #expect(await eventually { condition("Drifted") != nil })
    #expect(try await appliance.chat("hello", sender: "alice").status == 200)
    #expect(try appliance.run("reconcile").code == 10)
    #expect(!FileManager.default.fileExists(atPath: file))
    #expect(condition("Drifted")?.message.contains("configuration/config.json") == true)
    #expect(condition("Suspended")?.message.contains("audit") == true)
    appliance.stop()
  }
}
