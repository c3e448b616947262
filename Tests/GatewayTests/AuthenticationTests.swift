// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Gateway

/// Logins, failures and lock-outs, over real connections.
@Suite(.timeLimit(.minutes(2)))
struct AuthenticationTests {
  // MARK: Failures

  @Test func failuresAreToldToTheSupervisor() async throws {
    try await RunningGateway.runWithClients { gateway in
      let refused = [
        try await gateway.chat(by: Holder.stranger),
        try await gateway.get("/api/v1/messages/m1?a=b", headers: [Holder.stranger]),
        try await gateway.get("/metrics", port: gateway.dashboard, headers: [Holder.stranger]),
        try await gateway.chat(by: ("Authorization", "Basic \(RunningGateway.token)")),
      ]
      #expect(refused.map(\.status) == [401, 401, 401, 401])
      #expect(
        gateway.supervisor.failedLogins == [
          .init(network: "127.0.0.1", path: "/chat"),
          .init(network: "127.0.0.1", path: "/api/v1/messages/m1"),
          .init(network: "127.0.0.1", path: "/metrics"),
          .init(network: "127.0.0.1", path: "/chat"),
        ])
      #expect(gateway.supervisor.logins == [])
    }
  }

  @Test func aRequestWithoutCredentialsIsRefusedAndNotCounted() async throws {
    try await RunningGateway.runWithClients { gateway in
      for route in GuardedRoute.all {
        let reply = try await route.send(("Authorization", nil), to: gateway)
        #expect(reply.status == 401 && reply.problem == "unauthorized", "\(route.path)")
        #expect(reply.headers["www-authenticate"] == "Bearer")
      }
      #expect(gateway.supervisor.failedLogins == [] && gateway.supervisor.logins == [])
    }
  }

  /// What a request says of its way here decides nothing.
  @Test func headersOfProxiesChangeNothing() async throws {
    try await RunningGateway.runWithClients { gateway in
      let claims: [[(String, String?)]] = [
        [("X-Forwarded-For", "203.0.113.9")], [("Forwarded", "for=203.0.113.9")],
        [("X-Real-IP", "203.0.113.9"), ("X-Forwarded-For", "203.0.113.9, 198.51.100.1")],
        [("X-Client-IP", "::1")], [("CF-Connecting-IP", "203.0.113.9")],
      ]
      for claim in claims { _ = try await gateway.chat(by: Holder.stranger, headers: claim) }
      _ = try await gateway.chat(headers: claims[0])
      #expect(
        gateway.supervisor.failedLogins.map(\.network) == Array(repeating: "127.0.0.1", count: 5))
      #expect(gateway.supervisor.logins.map(\.network) == ["127.0.0.1"])
      gateway.supervisor.lock(until: Date.soon(600))
      for claim in claims {
        let reply = try await gateway.chat(by: Holder.stranger, headers: claim)
        #expect(reply.status == 429)
      }
    }
  }

  // MARK: Lock-outs

  @Test func aLockedNetworkGetsNothingWhateverItPresents() async throws {
    try await RunningGateway.runWithClients { gateway in
      gateway.supervisor.lock(until: Date.soon(600))
      let locking = try await gateway.chat(by: Holder.stranger)
      #expect(locking.status == 429)
      for bearer in [
        Holder.stranger, RunningGateway.bearer, Holder.scoped(.operate).bearer,
        ("Authorization", "Basic x"), ("Authorization", "Bearer"),
      ] {
        for route in GuardedRoute.all {
          let reply = try await route.send(bearer, to: gateway)
          #expect(reply.status == 429 && reply.problem == "too-many-failures", "\(route.path)")
          let wait = reply.headers["retry-after"].flatMap { Int($0) } ?? 0
          #expect((500...601).contains(wait))
        }
      }
      #expect(gateway.supervisor.failedLogins.count == 1 && gateway.supervisor.logins == [])
      #expect(gateway.supervisor.admitted == [])
      for port in [gateway.port, gateway.dashboard] {
        let health = try await gateway.get("/healthz", port: port, headers: [Holder.stranger])
        #expect(health.status == 200)
      }
    }
  }

  @Test func whoAuthenticatedBeforeTheLockoutStillPasses() async throws {
    try await RunningGateway.runWithClients { gateway in
      expect(200, try await gateway.chat())
      gateway.supervisor.lock(until: Date.soon(600))
      expect(429, try await gateway.chat(by: Holder.stranger))
      expect(200, try await gateway.chat())
      expect(200, try await gateway.chat(by: Holder.local.bearer))
    }
  }

  /// A gateway that starts during a lock-out knows what the one before it knew.
  @Test func aLockoutOutlivesTheGateway() async throws {
    let lock = NetworkLock(until: Date.soon(600), clients: ["gateway"])
    try await RunningGateway.runWithClients(locked: ["127.0.0.1": lock]) { gateway in
      expect(429, try await gateway.chat(by: Holder.stranger))
      expect(200, try await gateway.chat())
      #expect(gateway.supervisor.failedLogins == [] && gateway.supervisor.logins == [])
      expect(200, try await gateway.chat(by: Holder.local.bearer))
    }
  }

  // MARK: Logins

  @Test func aLoginIsToldOnce() async throws {
    try await RunningGateway.runWithClients { gateway in
      for _ in 1...3 { expect(200, try await gateway.chat()) }
      expect(200, try await gateway.get("/api/v1/status", port: gateway.dashboard))
      #expect(gateway.supervisor.logins == [.init(client: "gateway", network: "127.0.0.1")])
      expect(200, try await gateway.chat(by: Holder.local.bearer))
      #expect(gateway.supervisor.logins.map(\.client) == ["gateway", "operator"])
    }
  }

  @Test(arguments: ["timeline.failed", "audit.unwritten", "audit.broken"])
  func whoCannotBeRecordedIsNotLetIn(code: String) async throws {
    try await RunningGateway.runWithClients { gateway in
      gateway.supervisor.failAuthentications(
        with: ApplianceError(.init(code), "canary-3391 is full"))
      for route in GuardedRoute.all {
        let reply = try await route.send(Holder.scoped(route.scope).bearer, to: gateway)
        #expect(reply.status == 503 && reply.problem == "unavailable", "\(route.path)")
        #expect(reply.headers["retry-after"] == "1" && !reply.text.contains("canary"))
      }
      #expect(gateway.supervisor.admitted == [] && gateway.supervisor.reconciles == [])
      gateway.supervisor.failAuthentications(with: nil)
      expect(200, try await gateway.chat())
      #expect(gateway.supervisor.logins.map(\.client) == ["gateway"])
    }
  }
}
