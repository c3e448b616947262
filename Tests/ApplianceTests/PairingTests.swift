// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Somebody nobody knows asks to be admitted.
@Suite(.timeLimit(.minutes(3)))
struct PairingTests {
  private func bench(_ name: String) async throws -> ChannelBench {
    let bench = try await ChannelBench(name)
    try bench.write(
      ChannelBench.channels(bench.platforms.url)
        .replacing(#"allow: ["7000000001"]"#, with: #"allow: ["7000000001"], pairing: true"#))
    try await bench.start()
    return bench
  }

  private func words(in text: String) -> String? {
    text.firstMatch(of: #/[A-Z2-9]{4}-[A-Z2-9]{4}/#).map { String($0.output) }
  }

  @Test(
    "a code, an operator's word, an admission that ends; and the change that would make it last")
  func whole() async throws {
    let bench = try await bench("pairing")
    let (appliance, platforms) = (bench.appliance, bench.platforms)
    try await platforms.telegram("hello", from: 55, id: 1)
    let offered = try await platforms.waitForSent(1, on: "telegram")
    let code = try #require(words(in: offered[0].text))
    #expect(offered[0].conversation == "55" && !offered[0].text.contains("kafclaw"))
    // Who asks again gets no other one; who writes to another channel gets none at all.
    try await platforms.telegram("hello again", from: 55, id: 2)
    _ = try await bench.slack(ChannelBench.slackMessage("hi", ts: "8.1", user: "U0NOBODY"))
    let list = try appliance.run("pairing")
    #expect(list.output.contains("telegram:55  pending") && !list.output.contains(code), "\(list)")
    #expect(try appliance.run("pairing", "approve", "AAAA-BBBB").code == 1)
    let approved = try appliance.run("pairing", "approve", code.lowercased(), "--for", "1d")
    #expect(approved.code == 0 && approved.errors.contains("telegram:55  approved"), "\(approved)")
    #expect(approved.errors.contains("to channels.phone.allow"), "\(approved)")
    // The code is used up.
    #expect(try appliance.run("pairing", "approve", code).code == 1)
    try await platforms.telegram("are you there", from: 55, id: 3)
    let answered = try await platforms.waitForSent(2, on: "telegram")
    #expect(answered[1].text.contains("are you there"), "\(answered)")
    let explained = try appliance.run("access", "explain", "--channel", "phone", "--sender", "55")
    #expect(
      explained.code == 3 && explained.output.contains("a pairing admits this sender until"),
      "\(explained)")
    let other = try appliance.run("access", "explain", "--channel", "phone", "--sender", "56")
    #expect(other.code == 3 && !other.output.contains("pairing"), "\(other)")
    // To talk, without tools.
    try await platforms.telegram(#"/call read_file {"path":"SOUL.md"}"#, from: 55, id: 4)
    let refused = try await platforms.waitForSent(3, on: "telegram")
    #expect(refused[2].text.contains("denied"), "\(refused[2])")
    let id = try #require(list.output.split(separator: " ").first.map(String.init))
    #expect(try appliance.run("pairing", "deny", id).code == 0)
    try await platforms.telegram("and now", from: 55, id: 5)
    try await platforms.telegram("hello", from: 7_000_000_001, id: 6)
    let last = try await platforms.waitForSent(4, on: "telegram")
    #expect(last.count == 4 && last[3].conversation == "7000000001", "\(last)")
    #expect(try await platforms.sent("slack").isEmpty)
    let audit = try appliance.run("audit", "show", "--kind", "access.pairing").output
    #expect(audit.contains("telegram:55") && audit.contains("denied"), "\(audit)")
  }

  @Test("an admission ends with the containment's level, with pairing, and with the account")
  func ends() async throws {
    let bench = try await bench("ends")
    let (appliance, platforms) = (bench.appliance, bench.platforms)
    try await platforms.telegram("hello", from: 55, id: 1)
    let offered = try await platforms.waitForSent(1, on: "telegram")
    let code = try #require(words(in: offered[0].text))
    #expect(try appliance.run("pairing", "approve", code).code == 0)
    #expect(
      try appliance.run(
        "incident", "contain", "--level", "channels", "--keep-token", "--reason", "x"
      )
      .code == 0)
    let explained = try appliance.run("access", "explain", "--channel", "phone", "--sender", "55")
    #expect(explained.output.contains("but the appliance is contained: channels"), "\(explained)")
    try await platforms.telegram("while contained", from: 55, id: 2)
    let refused = await eventually {
      (try? appliance.run("access", "decisions").output.contains("contained")) == true
    }
    #expect(refused)
    #expect(try appliance.run("incident", "lift", "--reason", "x").code == 0)
    // Without pairing nobody is admitted by it, whoever was.
    try bench.write(ChannelBench.channels(platforms.url))
    #expect(try appliance.run("reconcile").code == 0)
    try await platforms.telegram("after pairing", from: 55, id: 3)
    try await platforms.telegram("hello", from: 7_000_000_001, id: 4)
    let sent = try await platforms.waitForSent(2, on: "telegram")
    #expect(sent.map(\.conversation) == ["55", "7000000001"], "\(sent)")
  }

  @Test("codes cannot be guessed, and a crowd pushes nobody out")
  func limits() async throws {
    let bench = try await bench("crowd")
    try await bench.platforms.telegram("hello", from: 77, id: 1)
    let first = try await bench.platforms.waitForSent(1, on: "telegram")
    let code = try #require(words(in: first[0].text))
    for user in 100..<140 {
      try await bench.platforms.telegram("hello", from: Int64(user), id: user)
    }
    let sent = try await bench.platforms.waitForSent(20, on: "telegram")
    #expect(Set(sent.map(\.conversation)).count == 20)
    #expect(try bench.appliance.run("pairing").output.contains("telegram:77"))
    for guess in 0..<10 {
      #expect(try bench.appliance.run("pairing", "approve", "AAAAAAA\(guess)").code == 1)
    }
    let tried = try bench.appliance.run("pairing", "approve", code)
    #expect(tried.code == 1 && tried.errors.contains("within an hour"), "\(tried)")
  }
}
