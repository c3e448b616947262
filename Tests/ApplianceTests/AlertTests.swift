// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

/// Signals of the runbook, each provoked with real traffic, and who is told.
@Suite(.timeLimit(.minutes(3)))
struct AlertTests {
  private static let path = """
      escalation:
        - {webhook: {url: "URL/hook/oncall", secret: "env:HOOK_SECRET"}}
        - {channel: {name: team-slack, conversation: C0OPS}}
    """

  private func bench(_ name: String, _ monitoring: String) async throws -> ChannelBench {
    let bench = try await ChannelBench(name)
    let yaml = RunningAppliance.yaml(
      port: bench.appliance.port, dashboardPort: bench.appliance.dashboardPort)
    let channels = ChannelBench.channels(bench.platforms.url)
    let escalation = Self.path.replacing("URL", with: bench.platforms.url)
    try bench.appliance.repository.commit([
      "kafclaw.yaml": yaml.replacing(
        "appliance: {name: test-claw, incidentOwner: ops}",
        with: "appliance:\n  name: test-claw\n  incidentOwner: ops\n" + escalation
      ).replacing("channels:\n", with: "channels:\n" + channels)
        + "monitoring: {\(monitoring)}\n"
    ])
    try await bench.start()
    return bench
  }

  private func alerts(_ bench: ChannelBench) async throws -> [String] {
    try await bench.platforms.sent("webhook").filter { $0.text.contains("(alert ") }.map(\.text)
  }

  private struct List: Decodable { let alerts: [Alert] }

  /// Each alert there ever was.
  private func records(_ bench: ChannelBench) throws -> [Alert] {
    let text = try bench.appliance.run("alerts", "list", "--all", "--output", "json").output
    return try ApplianceJSON.decode(List.self, from: text.utf8).alerts
  }

  @Test("unknown senders, refused high-risk calls, failed logins and tokens: one alert of each")
  func signals() async throws {
    let bench = try await bench(
      "signals",
      "unknownSenders: 3, authFailures: 3, highRiskAttempts: 2, tokenSpikePercent: 100, tokenFloor: 20, escalateAfter: 1h"
    )
    for number in 0..<4 {
      _ = try await bench.appliance.chat("hi", sender: "stranger-\(number)")
      _ = try await bench.appliance.request(
        .POST, "/chat", body: "{}", token: "wrong-\(number)-token-of-nobody-at-all")
    }
    for _ in 0..<2 {
      _ = try await bench.appliance.chat(
        #"/call exec {\"argv\":[\"git\",\"status\"]}"#, sender: "alice")
    }
    for _ in 0..<8 { _ = try await bench.appliance.chat("hello there, how are you today") }
    let signals = ["unknown-senders", "auth-failures", "high-risk-attempts", "token-spike"]
    let seen = await eventually(within: .seconds(60)) {
      let told = (try? await alerts(bench)) ?? []
      return signals.allSatisfy { signal in told.contains { $0.contains(signal) } }
    }
    let first = try await alerts(bench)
    #expect(seen, "\(first)")
    // The same again is the same alert.
    for number in 0..<4 { _ = try await bench.appliance.chat("hi", sender: "more-\(number)") }
    let again = Date()
    let isSeen = try await eventually(within: .seconds(60)) {
      try records(bench).contains { $0.signal == .unknownSenders && $0.lastAt > again }
    }
    #expect(isSeen)
    #expect(try records(bench).map(\.signal.rawValue).sorted() == signals.sorted())
    let told = try await alerts(bench)
    for signal in signals { #expect(told.filter { $0.contains(signal) }.count == 1, "\(told)") }
    _ = try bench.appliance.run("tomb", "init")
    let scrape = try bench.appliance.makeToken("generate", "prometheus", "--scope", "scrape")
    let metrics = try await bench.appliance.request(
      .GET, "/metrics", port: bench.appliance.dashboardPort, token: scrape)
    for signal in signals {
      #expect(metrics.body.contains("kafclaw_alerts{signal=\"\(signal)\"} 1\n"), "\(metrics.body)")
    }
    #expect(
      metrics.body.contains("kafclaw_decisions_total{")
        && metrics.body.contains("kafclaw_tokens_today "))
    let list = try bench.appliance.run("alerts")
    for signal in signals { #expect(list.output.contains(signal), "\(list.output)") }
    #expect(
      try bench.appliance.run("audit", "show", "--kind", "watch.alert").output.contains("alert/"))
  }

  @Test("nobody answers: the next step is told; somebody knows: nobody else is")
  func escalation() async throws {
    let bench = try await bench("escalation", "unknownSenders: 1, escalateAfter: 1s")
    _ = try await bench.appliance.chat("hi", sender: "stranger")
    let slack = try await bench.platforms.waitForSent(1, on: "slack")
    #expect(slack[0].conversation == "C0OPS" && slack[0].text.contains("unknown-senders"))
    #expect(try await alerts(bench).count == 1)

    let quiet = try await self.bench("known", "unknownSenders: 1, escalateAfter: 1h")
    _ = try await quiet.appliance.chat("hi", sender: "stranger")
    #expect(await eventually { (try? await alerts(quiet).count) == 1 })
    #expect(try quiet.appliance.run("status").output.contains("unknown-senders"))
    let acknowledged = try quiet.appliance.run("alerts", "ack", "1")
    #expect(
      acknowledged.code == 0 && acknowledged.output.contains("acknowledged"), "\(acknowledged)")
    #expect(try quiet.appliance.run("alerts", "ack", "1").code == 1)
  }

  @Test("an alert is told after a receiver that failed, and over a restart")
  func retries() async throws {
    let bench = try await bench("told", "unknownSenders: 1, escalateAfter: 1h")
    try await bench.platforms.fail("/hook/oncall", count: 1, status: 503)
    _ = try await bench.appliance.chat("hi", sender: "stranger")
    #expect(
      await eventually {
        ((try? await bench.platforms.requests())?.contains { $0.path.contains("oncall") }) == true
      })
    bench.appliance.killSupervisor()
    try bench.appliance.start(environment: bench.environment)
    #expect(await eventually(within: .seconds(90)) { (try? await alerts(bench).count) == 1 })
  }
}
