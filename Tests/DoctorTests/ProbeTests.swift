// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Doctor

/// Each probe passes a gateway that is right, and finds the one flaw of one that is not.
@Suite(.timeLimit(.minutes(5)))
struct ProbeTests {
  typealias Flaw = ScriptedGateway.Flaw

  /// A host that runs this gateway.
  private func examine(
    _ check: Check, _ gateway: ScriptedGateway, more: String = ""
  ) async throws -> CheckResult {
    let listeners = try gateway.listen()
    defer { withExtendedLifetime(listeners) {} }
    let (api, dashboard) = (listeners.api.port, listeners.dashboard.port)
    var builder = try HostBuilder()
    try builder.desire(
      HostBuilder.desiredText + "gateway: {port: \(api), dashboardPort: \(dashboard)\(more)}\n")
    try builder.run()
    builder.access = {
      ("http://127.0.0.1:\(api)", SecretValue(copying: Array(ScriptedGateway.token.utf8)))
    }
    let result = await builder.examine(check)
    #expect(!result.evidence.contains(ScriptedGateway.token), "the token is in the evidence")
    return result
  }

  static let quick: [Check] = [
    .probeUnauthenticated, .probeForged, .probeHost, .probeOrigin, .probeOptions, .probeMediaType,
    .probeOversized, .probeReplay,
  ]

  @Test(arguments: quick.indices)
  func passesAGatewayThatIsRight(index: Int) async throws {
    let result = try await examine(Self.quick[index], ScriptedGateway())
    #expect(result.isPass, "\(result.id): \(result.evidence)")
  }

  @Test func passesAGatewayThatRefusesWhatIsInDoubt() async throws {
    let result = try await examine(.probeSmuggling, ScriptedGateway(patience: 1))
    #expect(result.isPass, "\(result.evidence)")
  }

  static let findings: [(Check, Flaw, String)] = [
    (.probeUnauthenticated, .noAuthentication, "GET /api/v1/status (dashboard): 200"),
    (.probeUnauthenticated, .tellingRefusal, "401 with a body"),
    (.probeUnauthenticated, .tellingHealth, "GET /healthz (api): 200, and says more"),
    (.probeForged, .prefixOfToken, "without its last character: 404"),
    (.probeForged, .emptyToken, "an empty token: 404"),
    (.probeForged, .firstToken, "the token twice: 404"),
    (.probeHost, .anyHost, "Host: evil.example: 404"),
    (.probeHost, .noHost, "without Host: 404"),
    (.probeOrigin, .anyOrigin, "Origin: https://evil.example: 404"),
    (.probeOrigin, .allowsOrigins, "access-control-allow-origin"),
    (.probeOptions, .answersOptions, "OPTIONS /chat (api): 200 with 9 bytes"),
    (.probeOptions, .allowsOrigins, "access-control-allow-origin"),
    (.probeMediaType, .anyType, "POST /chat as text/plain: 400"),
    (.probeOversized, .readsWholeBody, "all of it was read"),
    (.probeOversized, .readsEndlessBody, "chunks without an end"),
    (.probeOversized, .hugeHead, "128 KiB of header fields: 200"),
    (.probeReplay, .forgetsKeys, "taken for two messages"),
    (.probeReplay, .keyAlone, "with another body: 202"),
    (.probeSmuggling, .chunksCount, "a length beyond its chunks: 2 answers"),
    (.probeSmuggling, .lengthCounts, "a length within its chunks: 3 answers"),
    (.probeSmuggling, .firstLength, "with two lengths: 2 answers"),
    (.probeSmuggling, .zeroBytes, "a zero byte in a field: 200"),
  ]

  @Test(arguments: findings.indices)
  func findsTheFlaw(index: Int) async throws {
    let (check, flaw, evidence) = Self.findings[index]
    let result = try await examine(check, ScriptedGateway([flaw], patience: 10))
    #expect(result.status == .fail, "\(flaw): \(result.evidence)")
    #expect(result.evidence.contains(evidence), "\(flaw): \(result.evidence)")
  }

  @Test func findsLinesThatEndInFeedsAlone() async throws {
    // Such a gateway reads no other request.
    let listeners = try ScriptedGateway([.bareFeeds]).listen()
    defer { withExtendedLifetime(listeners) {} }
    let probe = HTTPProbe(address: ProbeAddress(host: "127.0.0.1", port: listeners.api.port))
    let request = "GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n"
    let exchange = try await probe.exchange([.init(bytes: Array(request.utf8))])
    var report = ProbeReport()
    report.expect("GET", exchange, [400], orClosed: true)
    #expect(report.verdict().status == .fail)
  }

  @Test func threeFailuresAreAllThatIsSent() async throws {
    let gateway = ScriptedGateway()
    #expect(try await examine(.probeForged, gateway).isPass)
    #expect(try await examine(.probeUnauthenticated, gateway).isPass)
    #expect(gateway.failures.withLock { $0 } == 3)
  }

  @Test func beingLockedOutIsBeingRefused() async throws {
    let result = try await examine(.probeForged, ScriptedGateway([.lockedOut]))
    #expect(result.isPass)
    #expect(result.evidence.contains("(locked out): 429"))
  }

  @Test(arguments: [Flaw.silent, .garbage, .outOfOrder])
  func gatewayThatDoesNotAnswerPassesNothing(flaw: Flaw) async throws {
    let gateway = ScriptedGateway([flaw], patience: 0.02)
    for check in [Check.probeHost, .probeUnauthenticated] {
      let result = try await examine(check, gateway)
      #expect([.unknown, .fail].contains(result.status), "\(flaw) \(check.id): \(result.evidence)")
    }
  }

  @Test func messageOfNobodyShowsNothing() async throws {
    #expect(try await examine(.probeReplay, ScriptedGateway([.admitsNobody])).isNotApplicable)
  }

  @Test func messageThatCostsIsNotSent() async throws {
    let more = "}\nagent: {provider: costly}\nproviders: {costly: {type: openai, apiKey: \"env:K\"}"
    let result = try await examine(.probeReplay, ScriptedGateway(), more: more)
    #expect(result.isNotApplicable)
    #expect(result.evidence.contains("costly"))
  }

  @Test func hostNamesOfARemoteGatewayAreNotLookedAt() async throws {
    let more = ", host: 0.0.0.0, auth: {token: \"env:T\"}"
    let result = try await examine(.probeHost, ScriptedGateway([.anyHost]), more: more)
    #expect(result.isNotApplicable)
  }

  @Test func nothingIsSentWhereNothingRuns() async throws {
    let builder = try HostBuilder()
    for check in Checks.deep where check.id.hasPrefix("probe.") {
      #expect(await builder.examine(check).isNotApplicable, "\(check.id)")
    }
  }

  @Test func applianceThatGivesNoTokenIsUnknown() async throws {
    var builder = try HostBuilder()
    try builder.run()
    for check in Checks.deep where check.id.hasPrefix("probe.") {
      #expect(await builder.examine(check).status == .unknown, "\(check.id)")
    }
  }

  // MARK: Slow requests

  private func drip(_ flaws: Set<Flaw>, patience: Double = 0.5) async throws -> Verdict {
    let listeners = try ScriptedGateway(flaws, patience: patience).listen()
    defer { withExtendedLifetime(listeners) {} }
    var builder = try HostBuilder()
    try builder.run()
    let api = listeners.api.port
    builder.access = {
      ("http://127.0.0.1:\(api)", SecretValue(copying: Array(ScriptedGateway.token.utf8)))
    }
    let gateway = try #require(try await ProbedGateway(of: builder.host))
    return try await SlowProbe(gateway: gateway, limit: 2.5, interval: 0.05).verdict()
  }

  @Test func passesAGatewayThatGivesUp() async throws {
    let verdict = try await drip([])
    #expect(verdict.status == .pass, "\(verdict.evidence)")
  }

  @Test(arguments: [
    (Flaw.waitsForHead, Verdict.Status.fail, "a head that drips"),
    (.waitsForBody, .fail, "POST /chat with a body"), (.holdsRefused, .warn, "still taken"),
  ])
  func findsAGatewayThatWaits(flaw: Flaw, status: Verdict.Status, evidence: String) async throws {
    let verdict = try await drip([flaw])
    #expect(verdict.status == status, "\(verdict.evidence)")
    #expect(verdict.evidence.contains { $0.contains(evidence) }, "\(verdict.evidence)")
    #expect(verdict.evidence.count == 1, "\(verdict.evidence)")
  }
}
