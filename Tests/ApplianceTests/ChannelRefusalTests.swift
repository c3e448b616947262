// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// What no platform sent is refused by the running listener, and leaves a record and a figure.
@Suite(.timeLimit(.minutes(5)))
struct ChannelRefusalTests {
  private struct Attempt {
    let what: String
    let path: String
    let body: String
    let headers: [String: String]
    let reason: String
    var status: UInt = 401
  }

  private func attempts() -> [Attempt] {
    let slack = ChannelBench.slackMessage("run it", ts: "1.1")
    let old = Date(timeIntervalSinceNow: -301)
    let wrong = { (headers: [String: String], name: String) in
      headers.merging([name: (headers[name] ?? "").replacing("a", with: "b")]) { $1 }
    }
    let foreign = ChannelBench.slackMessage("run it", ts: "1.2", team: "T0OTHER")
    let foreignApp = ChannelBench.slackMessage("run it", ts: "1.3", app: "A0OTHER")
    let large = String(repeating: "x", count: 600 << 10)
    let shop = ChannelBench.whatsappMessage("run it", id: "wamid.2")
    let otherNumber = ChannelBench.whatsappMessage("run it", id: "wamid.3", business: "1")
    let sign = { (body: String, key: String) in
      [
        "X-Hub-Signature-256": "sha256="
          + ChannelBench.hexadecimal(ChannelBench.code(body, key: key))
      ]
    }
    let key = ChannelBench.whatsappSecret
    let hook = #"{"sender":"builder","message":"run it"}"#
    let hookHeaders = ChannelBench.hookHeaders(hook, id: "evt-9")
    return [
      Attempt(
        what: "slack unsigned", path: "team-slack", body: slack, headers: [:], reason: "unsigned"),
      Attempt(
        what: "slack forged", path: "team-slack", body: slack,
        headers: wrong(ChannelBench.slackHeaders(slack), "X-Slack-Signature"), reason: "forged"),
      Attempt(
        what: "slack with the body of another request", path: "team-slack", body: slack,
        headers: ChannelBench.slackHeaders(foreign), reason: "forged"),
      Attempt(
        what: "slack replayed after its window", path: "team-slack", body: slack,
        headers: ChannelBench.slackHeaders(slack, at: old), reason: "stale"),
      Attempt(
        what: "slack from the future", path: "team-slack", body: slack,
        headers: ChannelBench.slackHeaders(slack, at: Date(timeIntervalSinceNow: 400)),
        reason: "stale"),
      Attempt(
        what: "slack of another team", path: "team-slack", body: foreign,
        headers: ChannelBench.slackHeaders(foreign), reason: "wrong-tenant"),
      Attempt(
        what: "slack of another app", path: "team-slack", body: foreignApp,
        headers: ChannelBench.slackHeaders(foreignApp), reason: "wrong-tenant"),
      Attempt(
        what: "slack oversized", path: "team-slack", body: large,
        headers: ChannelBench.slackHeaders(large), reason: "oversized", status: 413),
      Attempt(
        what: "slack malformed", path: "team-slack", body: "{",
        headers: ChannelBench.slackHeaders("{"), reason: "malformed", status: 400),
      Attempt(
        what: "whatsapp unsigned", path: "shop", body: shop, headers: [:], reason: "unsigned"),
      Attempt(
        what: "whatsapp forged", path: "shop", body: shop, headers: sign(shop, "another"),
        reason: "forged"),
      Attempt(
        what: "whatsapp with the older hash", path: "shop", body: shop,
        headers: ["X-Hub-Signature": "sha1=0000"], reason: "unsigned"),
      Attempt(
        what: "whatsapp of another business", path: "shop", body: otherNumber,
        headers: sign(otherNumber, key), reason: "wrong-tenant"),
      Attempt(what: "webhook unsigned", path: "ci", body: hook, headers: [:], reason: "unsigned"),
      Attempt(
        what: "webhook forged", path: "ci", body: hook + " ", headers: hookHeaders,
        reason: "forged"),
      Attempt(
        what: "webhook under another id", path: "ci", body: hook,
        headers: hookHeaders.merging(["webhook-id": "evt-8"]) { $1 }, reason: "forged"),
      Attempt(
        what: "webhook replayed after its window", path: "ci", body: hook,
        headers: ChannelBench.hookHeaders(hook, id: "evt-9", at: old), reason: "stale"),
      Attempt(
        what: "webhook malformed", path: "ci", body: "[]",
        headers: ChannelBench.hookHeaders("[]", id: "evt-7"), reason: "malformed", status: 400),
    ]
  }

  @Test("forged, unsigned, replayed, oversized and foreign requests are refused, and counted")
  func hostile() async throws {
    let bench = try await ChannelBench("hostile")
    _ = try bench.appliance.run("tomb", "init")
    try await bench.start()
    var bodies: Set<String> = []
    var expected: [String: Int] = [:]
    for attempt in attempts() {
      let answer = try await bench.post("/channels/" + attempt.path, attempt.body, attempt.headers)
      #expect(answer.status == attempt.status, "\(attempt.what): \(answer)")
      if attempt.status == 401 { bodies.insert(answer.body) }
      expected["channel=\"\(attempt.path)\",event=\"refused-\(attempt.reason)\"", default: 0] += 1
    }
    #expect(bodies.count == 1, "whoever is refused is not told why")
    for path in ["phone", "ops-room", "nobody", "web"] {
      #expect(try await bench.post("/channels/" + path, "{}", [:]).status == 404)
    }
    let scrape = try bench.appliance.makeToken("generate", "prometheus", "--scope", "scrape")
    let metrics = try await bench.appliance.request(
      .GET, "/metrics", port: bench.appliance.dashboardPort, token: scrape)
    for (labels, count) in expected {
      #expect(
        metrics.body.contains("kafclaw_channel_events_total{\(labels)} \(count)\n"),
        "\(labels) \(count)")
    }
    let audit = try bench.appliance.run("audit", "show", "--limit", "200", "--json").output
    for reason in ["unsigned", "forged", "stale", "wrong-tenant", "oversized", "malformed"] {
      #expect(audit.contains("channel.\(reason)"), "\(reason)")
    }
    #expect(try await bench.platforms.sent().isEmpty)
  }

  @Test("the word of a webhook's set-up cannot be guessed")
  func handshake() async throws {
    let bench = try await ChannelBench("handshake")
    try await bench.start()
    func ask(_ word: String) async throws -> ChannelBench.Answer {
      try await bench.post(
        "/channels/shop?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=\(word)", "",
        [:], method: .GET)
    }
    #expect(try await ask(ChannelBench.word) == .init(status: 200, body: "1158201444"))
    for guess in 0..<10 { #expect(try await ask("word-\(guess)").status == 401) }
    #expect(try await ask(ChannelBench.word).status == 429)
    #expect(try await bench.post("/channels/ci", "", [:], method: .GET).status == 405)
  }

  @Test("a channel without what proves its senders does not begin, and takes no other with it")
  func missingVerifier() async throws {
    let bench = try await ChannelBench("verifier")
    try bench.appliance.start(
      environment: bench.environment.filter { $0.key != "HOOK_SECRET" })
    let refused = await eventually {
      (try? bench.appliance.run("status").output.contains("HOOK_SECRET")) == true
    }
    let words = try bench.appliance.run("status").output
    #expect(refused, "\(words)")
  }
}
