// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// What is recorded and counted of those who authenticate and those who fail to.
@Suite(.serialized) struct LoginRecordTests {
  private typealias Knock = RunningAppliance.Knock

  private struct Entry: Decodable {
    struct Event: Decodable {
      let kind: String
      let actor: String
      let outcome: String
      let subject: String
      let details: [String: String]
    }
    let event: Event
  }

  private let appliance: RunningAppliance

  init() async throws {
    appliance = try RunningAppliance(name: "login")
    #expect(try appliance.run("tomb", "init").code == 0)
    try await appliance.startReady()
  }

  private func wrong() -> String { "wrong-\(UUID().uuidString)-\(UUID().uuidString)" }

  private struct Records: Decodable { let records: [Entry] }

  private func recorded(_ kind: String) throws -> [Entry.Event] {
    let shown = try appliance.run(
      "audit", "show", "--json", "--limit", "10000", "--kind", kind)
    #expect(shown.code == 0, "\(shown.errors)")
    return try JSONDecoder().decode(Records.self, from: Data(shown.output.utf8)).records
      .map(\.event)
  }

  @Test func failuresAndLockoutAreRecordedWithoutTokens() async throws {
    let network = LoopbackAddress.next()
    let tokens = (0..<12).map { _ in wrong() }
    _ = try appliance.knock([Knock(appliance.token, from: network)])
    _ = try appliance.knock(tokens.map { Knock($0, from: network) })
    let logins = try recorded("access.login")
    let (done, denied) = (
      logins.filter { $0.outcome == "done" }, logins.filter { $0.outcome == "denied" }
    )
    #expect(done.map(\.actor) == ["client:gateway"])
    #expect(done.first?.details["network"] == network)
    #expect(denied.count == 9)
    let lockouts = try recorded("access.lockout")
    #expect(lockouts.count == 1)
    for event in denied + lockouts {
      #expect(event.actor == "network:\(network)" && event.subject == "gateway")
      #expect(event.outcome == "denied" && event.details["path"] == "/api/v1/status")
    }
    let log = try appliance.logText
    let audit = try appliance.run("audit", "show", "--json", "--limit", "10000").output
    for token in tokens { #expect(!log.contains(token) && !audit.contains(token)) }
    #expect(appliance.stop() == 0)
    let verified = try appliance.run("audit", "verify")
    #expect(verified.code == 0, "\(verified.output)")
  }

  @Test func metricsCountFailures() async throws {
    let scrape = try appliance.makeToken("generate", "prometheus", "--scope", "scrape")
    let before = try await metrics(scrape)
    #expect(before["kafclaw_ready"] == 1 && before["kafclaw_locked_networks"] == 0)
    #expect(before["kafclaw_component_healthy{component=\"gateway\"}"] == 1)
    let network = LoopbackAddress.next()
    _ = try appliance.knock([Knock(wrong())] + (0..<12).map { _ in Knock(wrong(), from: network) })
    let after = try await metrics(scrape)
    // What comes from a network that is locked out is refused, and no failure.
    #expect(after["kafclaw_authentication_failures_total"] == 11)
    #expect(after["kafclaw_authentication_lockouts_total"] == 1)
    #expect(after["kafclaw_locked_networks"] == 1)
    #expect(appliance.stop() == 0)
    try await appliance.startReady()
    #expect(try await metrics(scrape)["kafclaw_authentication_failures_total"] == 11)
    appliance.stop()
  }

  private func metrics(_ token: String) async throws -> [String: Int] {
    let answer = try await appliance.request(
      .GET, "/metrics", port: appliance.dashboardPort, token: token)
    #expect(answer.status == 200)
    let type = answer.headers.first(name: "Content-Type") ?? ""
    #expect(type.hasPrefix("text/plain; version=0.0.4"))
    let lines = answer.body.split(separator: "\n").filter { !$0.hasPrefix("#") }
    return Dictionary(
      lines.compactMap { line in
        guard let space = line.lastIndex(of: " ") else { return nil }
        return Int(line[line.index(after: space)...]).map { (String(line[..<space]), $0) }
      }, uniquingKeysWith: { first, _ in first })
  }

  /// 320 failures from 40 networks, none of which is locked out.
  @Test func manyFailuresAddFewRecords() async throws {
    let scrape = try appliance.makeToken("generate", "prometheus", "--scope", "scrape")
    _ = try await metrics(scrape)
    let clock = ContinuousClock()
    let networks = (0..<40).map { _ in LoopbackAddress.next() }
    let time = try clock.measure {
      let answers = try appliance.knock(
        networks.flatMap { network in (0..<8).map { _ in Knock(wrong(), from: network) } })
      #expect(answers.count == 320 && answers.allSatisfy { $0.status == 401 })
    }
    // Sixty in a minute; the time may reach into further ones.
    let minutes = Int(time / .seconds(60)) + 1
    let denied = try recorded("access.login").filter { $0.outcome == "denied" }
    #expect(denied.count >= 60 && denied.count <= 60 * minutes, "in \(time)")
    #expect(try await metrics(scrape)["kafclaw_authentication_failures_total"] == 320)
    #expect(appliance.stop() == 0)
    #expect(try appliance.run("audit", "verify").code == 0)
  }
}
