// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// `kill -9` of each process while messages are accepted: what got its 202 is answered, once.
@Suite(.serialized) struct CrashTests {
  @Test(arguments: ["gateway", "agent", "supervisor"])
  func acknowledgedMessagesAreAnsweredExactlyOnce(victim: String) async throws {
    let appliance = try RunningAppliance(name: "crash")
    try await appliance.startReady()
    var accepted: [String: String] = [:]
    for number in 0..<200 {
      if number == 60 || number == 130 { try await strike(victim, appliance) }
      let key = "key-\(number)"
      let location = try await post(number, key, appliance)
      accepted[key] = location
    }
    for (key, location) in accepted {
      let number = key.dropFirst("key-".count)
      var replies: Set<String> = []
      let isAnswered = await eventually(within: .seconds(60)) {
        guard let answer = try? await appliance.request(.GET, location) else { return false }
        if let reply = answer.value("reply") { replies.insert(reply) }
        return answer.value("state") == "answered"
      }
      #expect(isAnswered, "\(key)")
      #expect(replies == [expected(number)])
      // A repeat after everything is the same message.
      #expect(try await post(Int(number) ?? -1, key, appliance) == location)
    }
    #expect(Set(accepted.values).count == 200)
    #expect(try answeredRows(appliance) == 200)
    appliance.stop()
  }

  @Test func nothingOutlivesAKilledSupervisor() async throws {
    let appliance = try RunningAppliance(name: "orphan")
    try await appliance.startReady()
    let pids = try appliance.status().components.compactMap(\.pid)
    #expect(pids.count == 2)
    appliance.killSupervisor()
    #expect(await eventually { pids.allSatisfy { kill(Int32($0), 0) != 0 } })
    try await appliance.startReady()
    #expect(try await appliance.chat("again").status == 200)
    appliance.stop()
  }

  /// A component that is stuck does not see the end of its socket: the kernel has to end it.
  @Test func stuckComponentsDieWithTheSupervisor() async throws {
    let appliance = try RunningAppliance(name: "stuck")
    try await appliance.startReady()
    let pids = try appliance.status().components.compactMap(\.pid).map(Int32.init)
    #expect(pids.count == 2)
    for pid in pids { kill(pid, SIGSTOP) }
    appliance.killSupervisor()
    #expect(await eventually { pids.allSatisfy { kill($0, 0) != 0 } })
  }

  private func expected(_ number: Substring) -> String {
    "test-claw (offline): you said: message \(number)"
  }

  private func strike(_ victim: String, _ appliance: RunningAppliance) async throws {
    guard victim != "supervisor" else {
      appliance.killSupervisor()
      return try await appliance.startReady()
    }
    let pid = try appliance.status().pid(victim)
    if let pid { kill(Int32(pid), SIGKILL) }
  }

  /// Posts until the message is acknowledged, always with the same key, as a client would.
  private func post(
    _ number: Int, _ key: String, _ appliance: RunningAppliance
  ) async throws -> String {
    var location = ""
    let isAccepted = await eventually {
      let answer = try? await appliance.request(
        .POST, "/chat", body: "{\"message\":\"message \(number)\",\"session\":\"s\(number % 7)\"}",
        headers: [("Idempotency-Key", key), ("Prefer", "respond-async")])
      guard let answer, answer.status == 202 else { return false }
      location = answer.headers.first(name: "Location") ?? ""
      return true
    }
    #expect(isAccepted, "\(key)")
    return location
  }

  private func answeredRows(_ appliance: RunningAppliance) throws -> Int {
    let result = try Program.command([
      "python3", "-c",
      """
      import sqlite3, sys
      c = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
      print(c.execute("SELECT count(*) FROM inbound WHERE state = 'answered'").fetchone()[0])
      """, "\(appliance.home)/.kafclaw/timeline.db",
    ])
    return Int(result.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
  }
}
