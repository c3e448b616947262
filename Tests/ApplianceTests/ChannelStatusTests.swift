// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// What `kafclaw status` says of channels.
@Suite(.timeLimit(.minutes(3)))
struct ChannelStatusTests {
  private struct Status: Decodable {
    struct Channel: Decodable {
      let name: String
      let health: String
      let message: String?
    }
    let ready: Bool
    let channels: [Channel]
  }

  /// Asks the platform of a channel anew, and waits until the status knows what came of it.
  private func look(
    at channel: String, _ bench: ChannelBench, until words: String
  ) async throws -> Program.Result {
    _ = try bench.appliance.run("channels", "probe", channel)
    let isSeen = try await eventually {
      try bench.appliance.run("status").output.contains("channel \(channel): \(words)")
    }
    let status = try bench.appliance.run("status")
    #expect(isSeen, "\(status)")
    return status
  }

  @Test("a channel whose platform refuses it: exit code 1 and why; all else is as it was")
  func refused() async throws {
    let bench = try await ChannelBench("channel-status")
    try await bench.start()
    let before = try await look(at: "phone", bench, until: "healthy\n")
    #expect(before.code == 0, "\(before)")

    try await bench.platforms.fail("getMe", status: 401)
    let status = try await look(at: "phone", bench, until: "unhealthy: Unauthorized\n")
    #expect(status.code == 1, "\(status)")
    // The appliance itself is ready: nothing but the channel makes the code.
    #expect(status.output.hasPrefix("test-claw: ready"), "\(status)")
    let json = try bench.appliance.run("status", "--json")
    let decoded = try JSONDecoder().decode(Status.self, from: Data(json.output.utf8))
    #expect(json.code == 1 && decoded.ready, "\(json)")
    let unhealthy = decoded.channels.filter { $0.health == "unhealthy" }
    #expect(unhealthy.map(\.name) == ["phone"] && unhealthy[0].message == "Unauthorized")
    let hook = try await bench.hook(#"{"sender":"builder","message":"hi"}"#, id: "evt-1")
    #expect(hook.status == 202)
    #expect(try await bench.platforms.waitForSent(1, on: "webhook").count == 1)

    let after = try await look(at: "phone", bench, until: "healthy\n")
    #expect(after.code == 0, "\(after)")
  }

  @Test("what a platform says is shown as it can be seen, and without the token it quotes")
  func words() async throws {
    let bench = try await ChannelBench("channel-words")
    try await bench.start()
    try await bench.platforms.fail(
      "auth.test", status: 200,
      answer: #"{"ok":false,"error":"account_inactive\u202e\u001b[2J"}"#)
    let odd = try await look(at: "team-slack", bench, until: "unhealthy: account_inactive")
    #expect(odd.code == 1, "\(odd)")
    #expect(odd.output.contains("account_inactive\u{FFFD}\u{FFFD}[2J\n"), "\(odd)")

    let token = ChatPlatforms.slackToken
    try await bench.platforms.fail(
      "auth.test", status: 200, answer: #"{"ok":false,"error":"not a token: \#(token)"}"#)
    let quoting = try await look(at: "team-slack", bench, until: "unhealthy: what the platform")
    #expect(quoting.code == 1 && quoting.output.contains("withheld"), "\(quoting)")
    let log = try bench.appliance.logText
    #expect(!quoting.output.contains(token) && !log.contains(token))
  }
}
