// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Messages of every platform through the real processes, and their answers back.
@Suite(.timeLimit(.minutes(5)))
struct ChannelPathTests {
  @Test("a message of every platform is answered there, once")
  func everyPlatform() async throws {
    let bench = try await ChannelBench("channels")
    try await bench.start()
    let platforms = bench.platforms
    // The same message three times: both of Slack's events, and a repeat of one.
    let room = {
      ChannelBench.slackMessage("hello", ts: "1763806341.000200", type: $0, channel: "C0OPS")
    }
    for type in ["message", "app_mention", "message"] {
      #expect(try await bench.slack(room(type)) == .init(status: 200, body: ""))
    }
    for _ in 0..<2 {
      let answer = try await bench.whatsapp(ChannelBench.whatsappMessage("hello", id: "wamid.1"))
      #expect(answer.status == 200)
    }
    let hook = #"{"sender":"builder","message":"hello"}"#
    #expect(try await bench.hook(hook, id: "evt-1").status == 202)
    let again = try await bench.hook(hook, id: "evt-1")
    #expect(again.status == 202 && again.body.contains("\"duplicate\":true"), "\(again)")
    try await platforms.telegram("hello", from: 7_000_000_001, id: 11)
    try await platforms.matrix("hello", in: "!ops:example.org", from: "@alice:example.org")
    for platform in ["slack", "whatsapp", "webhook", "telegram", "matrix"] {
      let sent = try await platforms.waitForSent(1, on: platform)
      #expect(sent[0].text.contains("hello"), "\(sent)")
    }
    let sent = try await platforms.sent()
    #expect(sent.count == 5, "\(sent)")
    let slack = try #require(sent.first { $0.platform == "slack" })
    #expect(slack.conversation == "C0OPS" && slack.thread == "1763806341.000200")
    #expect(sent.first { $0.platform == "telegram" }?.conversation == "7000000001")
    #expect(bench.appliance.stop() == 0)
    #expect(try !bench.appliance.logText.contains("kafclaw-test"))
  }
}
