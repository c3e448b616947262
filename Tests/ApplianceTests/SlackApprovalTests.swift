// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Calls that wait for a word, decided by buttons in Slack.
@Suite(.timeLimit(.minutes(3)))
struct SlackApprovalTests {
  private static func press(
    _ action: String, _ value: String, user: String = "U0BOSS", team: String = "T0TEAM"
  ) -> String {
    let json = """
      {"type":"block_actions","api_app_id":"A0APP","team":{"id":"\(team)","domain":"x"},"user":\
      {"id":"\(user)","username":"boss","team_id":"\(team)"},"actions":[{"type":"button",\
      "action_id":"\(action)","block_id":"b","value":"\(value)","action_ts":"1.2"}]}
      """
    let payload = json.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    return "payload=" + payload
  }

  private func send(_ bench: ChannelBench, _ body: String, forged: Bool = false) async throws
    -> UInt
  {
    var headers = ChannelBench.slackHeaders(forged ? body + "x" : body)
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return try await bench.post("/channels/team-slack", body, headers).status
  }

  private func ask(_ bench: ChannelBench, _ path: String) async throws {
    let asked = try await bench.appliance.request(
      .POST, "/chat",
      body: #"{"message":"/call write_file {\"path\":\"\#(path)\",\"content\":\"y\"}"}"#,
      headers: [("Prefer", "respond-async")])
    #expect(asked.status == 202)
  }

  private func exists(_ bench: ChannelBench, _ path: String) -> Bool {
    ["workspace", "work-repo"].contains { folder in
      FileManager.default.fileExists(
        atPath: "\(bench.appliance.home)/.kafclaw/\(folder)/\(path)")
    }
  }

  @Test("who is named decides, once, and nobody else")
  func decides() async throws {
    let bench = try await ChannelBench("buttons")
    let channels = ChannelBench.channels(bench.platforms.url).replacing(
      "requireMention: false}",
      with: "requireMention: false, approvals: {conversation: C0OPS, approvers: [U0BOSS]}}")
    try bench.write(channels, more: "tools: {approvals: {require: [write_file]}}\n")
    try await bench.start()
    try await ask(bench, "one")
    let first = try #require(try await bench.platforms.waitForSent(1, on: "slack").first)
    #expect(first.conversation == "C0OPS" && first.text.contains("path: one"), "\(first)")
    let buttons = try #require(first.buttons)
    let id = try #require(buttons.first?.split(separator: " ").last.map(String.init))
    #expect(buttons == ["kafclaw_approve \(id)", "kafclaw_deny \(id)"])

    let press = Self.press("kafclaw_approve", id)
    #expect(try await send(bench, press, forged: true) == 401)
    #expect(try await send(bench, Self.press("kafclaw_approve", id, team: "T0OTHER")) == 401)
    #expect(try await send(bench, Self.press("kafclaw_approve", id, user: "U0ALICE")) == 200)
    #expect(try await send(bench, Self.press("kafclaw_other", id)) == 200)
    #expect(try await send(bench, "payload=%7B") == 400)
    #expect(try bench.appliance.run("approvals", "list").output.contains("pending"))
    let denied = try bench.appliance.run("audit", "show", "--outcome", "denied").output
    #expect(denied.contains("slack:T0TEAM/U0ALICE") && denied.contains("team-slack.approvals"))

    #expect(try await send(bench, press) == 200)
    #expect(await eventually { exists(bench, "one") })
    let told = try await bench.platforms.waitForSent(2, on: "slack")
    #expect(told.last?.text.contains("write_file is approved") == true, "\(told)")
    #expect(told.last?.buttons == [])
    // Again, and the other way: it is decided already.
    #expect(try await send(bench, press) == 200)
    #expect(try await send(bench, Self.press("kafclaw_deny", id)) == 200)
    let third = try await bench.platforms.waitForSent(3, on: "slack")
    #expect(third.last?.text.contains("Not done") == true, "\(third)")

    try await ask(bench, "two")
    let next = try await bench.platforms.waitForSent(4, on: "slack")
    let other = try #require(next.last?.buttons?.first?.split(separator: " ").last.map(String.init))
    #expect(try await send(bench, Self.press("kafclaw_deny", other)) == 200)
    let last = try await bench.platforms.waitForSent(5, on: "slack")
    #expect(last.last?.text.contains("write_file is denied") == true, "\(last)")
    #expect(!exists(bench, "two"))
    // Slack is not asked while its channel is contained.
    #expect(
      try bench.appliance.run(
        "incident", "contain", "--level", "channels", "--keep-token", "--reason", "x"
      ).code == 0)
    #expect(try await send(bench, Self.press("kafclaw_approve", other)) == 200)
  }
}
