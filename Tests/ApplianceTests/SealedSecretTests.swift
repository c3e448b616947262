// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// A token in the tomb, from `tomb set` to a request, and what is told of it.
@Suite(.serialized) struct SealedSecretTests {
  private let appliance: RunningAppliance
  private let sealed = "sealed-\(UUID().uuidString)-\(UUID().uuidString)"

  init() throws {
    appliance = try RunningAppliance()
    #expect(try appliance.run("tomb", "init").code == 0)
  }

  private func seal(_ name: String, _ more: String...) throws {
    let result = try Program.run(
      ["tomb", "set", name, "--from-env", "VALUE"] + more, home: appliance.home,
      environment: ["VALUE": sealed])
    #expect(result.code == 0, "\(result.errors)")
  }

  private func use(_ reference: String) throws {
    let text = RunningAppliance.yaml(port: appliance.port, dashboardPort: appliance.dashboardPort)
    let changed = text.replacingOccurrences(of: "env:KAFCLAW_GATEWAY_AUTH_TOKEN", with: reference)
    try appliance.repository.commit(["kafclaw.yaml": changed])
  }

  private func answer(to token: String) async throws -> Int {
    let body = "{\"message\":\"x\"}"
    return Int(try await appliance.request(.POST, "/chat", body: body, token: token).status)
  }

  @Test(arguments: ["tomb:chat", "env:SEALED"])
  func tokenOfTheTombOpensTheGatewayAndIsNowhereElse(reference: String) async throws {
    try seal(reference == "tomb:chat" ? "chat" : "env/SEALED", "--consumer", "gateway")
    try use(reference)
    // The variable would stand for another token.
    try await appliance.startReady(through: ["env", "-u", "KAFCLAW_GATEWAY_AUTH_TOKEN"])
    #expect(try await answer(to: sealed) == 200)
    #expect(try await answer(to: sealed + "x") == 401)
    var texts = ["log": try appliance.logText]
    for pid in [Int(appliance.supervisor)] + (try appliance.status().components.compactMap(\.pid)) {
      texts["environ \(pid)"] = try read("/proc/\(pid)/environ")
      texts["cmdline \(pid)"] = try read("/proc/\(pid)/cmdline")
    }
    for name in try FolderFingerprint(appliance.home).entries.keys {
      texts[name] = try read("\(appliance.home)/\(name)")
    }
    for (place, text) in texts { #expect(!text.contains(sealed), "it is in \(place)") }
    let shown = try appliance.run("audit", "show", "--kind", "secret.use").output
    #expect(shown.contains("by gateway") && shown.contains("version=1"), "\(shown)")
    #expect(appliance.stop() == 0)
    let verified = try appliance.run("audit", "verify")
    #expect(verified.code == 0, "\(verified.output)")
  }

  @Test func entryForSomebodyElseIsRefused() throws {
    try seal("chat", "--consumer", "agent")
    try use("tomb:chat")
    let result = try appliance.run("run", "--once")
    #expect(result.code != 0)
    #expect((result.output + result.errors).contains("is for agent, not for gateway"))
  }

  @Test func tombThatWasChangedIsToldAndNotPassedOver() throws {
    try seal("chat")
    try use("tomb:chat")
    let entries = URL(fileURLWithPath: "\(appliance.home)/.kafclaw/tomb/entries.sealed")
    var bytes = try Data(contentsOf: entries)
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: entries)
    let result = try appliance.run("run", "--once")
    #expect(result.code != 0)
    #expect((result.output + result.errors).contains("was changed"))
  }

  private func read(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else { return "" }
    return String(decoding: data, as: UTF8.self).replacingOccurrences(of: "\0", with: "\n")
  }
}
