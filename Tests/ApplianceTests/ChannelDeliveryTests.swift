// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Replies on their way to platforms that fail, and the channels themselves.
@Suite(.timeLimit(.minutes(5)))
struct ChannelDeliveryTests {
  private struct Letters: Decodable {
    struct Letter: Decodable {
      let id: Int
      let channel: String
      let state: String
      let error: String?
    }
    let deliveries: [Letter]
  }

  private func letters(_ appliance: RunningAppliance) throws -> [Letters.Letter] {
    let output = try appliance.run("channels", "dead-letters", "--json").output
    return try JSONDecoder().decode(Letters.self, from: Data(output.utf8)).deliveries
  }

  @Test("a platform that fails gets the text again, when it says so; Matrix has it once")
  func retries() async throws {
    let bench = try await ChannelBench("retries")
    try await bench.start()
    let platforms = bench.platforms
    try await platforms.fail(
      "chat.postMessage", count: 2, status: 429, headers: ["Retry-After": "1"])
    try await platforms.fail("/send/m.room.message", .after)
    try await platforms.fail("sendMessage", .drop)
    #expect(try await bench.slack(ChannelBench.slackMessage("hello", ts: "1.1")).status == 200)
    try await platforms.matrix("hello", in: "!ops:example.org", from: "@alice:example.org")
    try await platforms.telegram("hello", from: 7_000_000_001, id: 12)
    for platform in ["slack", "matrix", "telegram"] {
      #expect(try await platforms.waitForSent(1, on: platform).count == 1)
    }
    // The second attempt at Matrix has the same transaction id: nothing new is there.
    let settled = await eventually {
      (try? await platforms.requests().filter { $0.path.contains("/send/m.room.message") }.count)
        ?? 0 >= 2
    }
    #expect(settled)
    #expect(try await platforms.sent("matrix").count == 1)
    #expect(try letters(bench.appliance).isEmpty)
  }

  @Test("what a platform never takes is a dead letter, until an operator says more")
  func deadLetters() async throws {
    let bench = try await ChannelBench("letters")
    try await bench.start()
    let message = ChannelBench.slackMessage("hello", ts: "2.1", channel: "D0GONE")
    try await bench.platforms.fail("chat.postMessage", status: 400)
    #expect(try await bench.slack(message).status == 200)
    #expect(await eventually { (try? letters(bench.appliance).count) == 1 })
    let letter = try #require(try letters(bench.appliance).first)
    #expect(letter.channel == "team-slack" && letter.error?.contains("refused") == true)
    let shown = try bench.appliance.run("channels", "dead-letters")
    #expect(shown.output.contains("team-slack/D0GONE"), "\(shown)")
    let status = try bench.appliance.run("status")
    #expect(status.output.contains("\n  dead letters of team-slack: 1\n"), "\(status)")
    let again = try bench.appliance.run("channels", "dead-letters", "resubmit", "\(letter.id)")
    #expect(again.code == 0 && again.output.contains("queued"), "\(again)")
    #expect(try await bench.platforms.waitForSent(1, on: "slack")[0].conversation == "D0GONE")
    let gone = try bench.appliance.run("channels", "dead-letters", "drop", "\(letter.id)")
    #expect(gone.code == 1 && gone.errors.contains("no dead letter"), "\(gone)")
    #expect(try !bench.appliance.run("status").output.contains("dead letters"))
  }

  @Test("the platforms are asked, and the listener is tried")
  func probes() async throws {
    let bench = try await ChannelBench("probes")
    try await bench.start()
    let probed = try bench.appliance.run("channels", "probe")
    #expect(probed.code == 0, "\(probed)")
    for name in ["ci", "ops-room", "phone", "shop", "team-slack"] {
      #expect(probed.output.contains("\(name)  healthy"), "\(probed.output)")
    }
    let hostile = try bench.appliance.run("channels", "probe", "--hostile")
    #expect(hostile.code == 0 && !hostile.output.contains("TAKEN"), "\(hostile)")
    for line in [
      "team-slack  wrong tenant: 401", "shop  forged: 401", "ci  replayed: 401",
      "team-slack  oversized: 413", "phone  a request at all: 404",
    ] {
      #expect(hostile.output.contains(line), "\(line)\n\(hostile.output)")
    }
    try await bench.platforms.fail("auth.test", count: 1, status: 503)
    let failed = try bench.appliance.run("channels", "probe", "team-slack")
    #expect(failed.code == 1 && failed.output.contains("unhealthy"), "\(failed)")
    #expect(try bench.appliance.run("channels", "probe", "nobody").code == 1)
    #expect(try bench.appliance.run("channels", "list").output.contains("phone  healthy"))
  }

  @Test("a reply never goes to another account that has the channel's name by now")
  func otherAccount() async throws {
    let bench = try await ChannelBench("account")
    try await bench.start()
    try await bench.platforms.fail("chat.postMessage", count: 100, status: 503)
    #expect(try await bench.slack(ChannelBench.slackMessage("hello", ts: "4.1")).status == 200)
    #expect(
      await eventually {
        ((try? await bench.platforms.requests())?.contains { $0.path.contains("postMessage") })
          == true
      })
    let url = bench.platforms.url
    let other = """
        team-slack: {type: webhook, signingSecret: "env:HOOK_SECRET", replyURL: "\(url)/hook/other"}

      """
    try bench.write(ChannelBench.channels(url, leaving: ["slack"]) + other)
    #expect(try bench.appliance.run("reconcile").code == 0)
    #expect(await eventually { (try? letters(bench.appliance).count) == 1 })
    #expect(try letters(bench.appliance)[0].error?.contains("another account") == true)
    #expect(try await bench.platforms.sent("webhook").isEmpty)
  }

  @Test("an event that nobody can read costs itself, not the channel")
  func poison() async throws {
    let bench = try await ChannelBench("poison")
    try await bench.start()
    let room = "!ops:example.org"
    let deep = String(repeating: "[", count: 80) + String(repeating: "]", count: 80)
    let content = """
      {"msgtype":"m.text","body":"deep","m.mentions":{"user_ids":["@kafclaw:example.org"]},"x":\(deep)}
      """
    try await bench.platforms.matrix(content: content, in: room, from: "@alice:example.org")
    let thread = """
      {"msgtype":"m.text","body":"nul","m.mentions":{"user_ids":["@kafclaw:example.org"]},\
      "m.relates_to":{"rel_type":"m.thread","event_id":"$x\\u0000y"}}
      """
    try await bench.platforms.matrix(content: thread, in: room, from: "@alice:example.org")
    try await bench.platforms.matrix("hello", in: room, from: "@alice:example.org")
    let sent = try await bench.platforms.waitForSent(2, on: "matrix")
    #expect(
      sent.contains { $0.text.contains("deep") } && sent.contains { $0.text.contains("hello") })
  }

  @Test("one channel changes without another noticing, and a wrong token is taken back")
  func oneChanges() async throws {
    let bench = try await ChannelBench("changes")
    try await bench.start()
    let gateway = try bench.appliance.status().pid("gateway")
    let url = bench.platforms.url
    try bench.write(ChannelBench.channels(url, leaving: ["telegram"]))
    #expect(try bench.appliance.run("reconcile").code == 0)
    #expect(try bench.appliance.status().pid("gateway") == gateway)
    let list = try bench.appliance.run("channels", "list").output
    #expect(!list.contains("phone") && list.contains("team-slack  healthy"), "\(list)")
    // A bot whose token no platform knows fails the health gate.
    let wrong = """
        other: {type: telegram, baseURL: "\(url)/telegram", botToken: "env:SLACK_SIGNING"}

      """
    try bench.write(ChannelBench.channels(url, leaving: ["telegram"]) + wrong)
    let refused = try bench.appliance.run("reconcile")
    #expect(refused.code == 8, "\(refused)")
    let after = try bench.appliance.run("channels", "list").output
    #expect(!after.contains("other") && after.contains("team-slack  healthy"), "\(after)")
    #expect(try await bench.slack(ChannelBench.slackMessage("hello", ts: "3.1")).status == 200)
    #expect(try await bench.platforms.waitForSent(1, on: "slack").count == 1)
  }
}
