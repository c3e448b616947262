// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// A secret where somebody's id should be.
@Suite(.timeLimit(.minutes(2)))
struct PairingSecrecyTests {
  @Test("a sender whose id holds a secret gets no code, and is written down nowhere")
  func secretID() async throws {
    let bench = try await ChannelBench("secret-id")
    let platforms = bench.platforms
    try bench.write(
      ChannelBench.channels(platforms.url).replacing(
        #"allow: ["16505551234"]"#, with: #"allow: ["16505551234"], pairing: true"#))
    try await bench.start()
    let secrets = [ChatPlatforms.whatsappToken, ChatPlatforms.slackToken]
    for (index, id) in [secrets[0], "49\(secrets[0])", secrets[1]].enumerated() {
      let message = ChannelBench.whatsappMessage("hello", id: "wamid.\(index)", from: id)
      #expect(try await bench.whatsapp(message).status == 200)
    }
    let other = ChannelBench.whatsappMessage("hello", id: "wamid.9", from: "4915550001")
    #expect(try await bench.whatsapp(other).status == 200)

    // Who is offered a code is stored before the request is answered.
    let list = try bench.appliance.run("pairing")
    #expect(list.output.contains("whatsapp:4915550001  pending"), "\(list)")
    #expect(list.output.split(separator: "\n").count == 1, "\(list)")
    let sent = try await platforms.waitForSent(1, on: "whatsapp")
    #expect(sent.map(\.conversation) == ["4915550001"], "\(sent)")
    let shown = try ["pairing", "audit show --limit 200", "access decisions", "channels"].map {
      try Program.run(
        $0.split(separator: " ").map(String.init), home: bench.appliance.home
      ).output
    }
    for text in shown {
      for secret in secrets { #expect(!text.contains(secret), "\(text)") }
    }
    #expect(shown[1].contains("secret.seen"), "\(shown[1])")
  }
}
