// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Gateway

/// What a token opens, over real connections.
@Suite(.timeLimit(.minutes(2)))
struct ScopeTests {
  @Test(arguments: TokenScope.allCases)
  func everyRouteIsOpenToItsScopeAlone(scope: TokenScope) async throws {
    try await RunningGateway.runWithClients { gateway in
      for route in GuardedRoute.all {
        let reply = try await route.send(Holder.scoped(scope).bearer, to: gateway)
        guard route.scope != scope else {
          #expect(reply.status == route.status, "\(route.path)")
          continue
        }
        #expect(reply.status == 403, "\(route.path)")
        #expect(reply.problem == "insufficient-scope")
        #expect(
          reply.headers["www-authenticate"]
            == "Bearer error=\"insufficient_scope\", scope=\"\(route.scope.rawValue)\"")
      }
      #expect(gateway.supervisor.admitted.count == (scope == .chat ? 1 : 0))
      #expect(gateway.supervisor.reconciles == (scope == .operate ? ["only-operate"] : []))
      #expect(gateway.supervisor.failedLogins == [])
    }
  }

  @Test func theSharedTokenChatsAndReadsAndTheOperatorMayDoEverything() async throws {
    try await RunningGateway.runWithClients { gateway in
      for route in GuardedRoute.all {
        let shared = try await route.send(RunningGateway.bearer, to: gateway)
        let isShared = TokenScope.shared.contains(route.scope)
        #expect(shared.status == (isShared ? route.status : 403), "\(route.path)")
        let local = try await route.send(Holder.local.bearer, to: gateway)
        #expect(local.status == route.status, "\(route.path)")
      }
    }
  }

  @Test func metricsAreTextThatAScraperReads() async throws {
    try await RunningGateway.runWithClients { gateway in
      let reply = try await gateway.get(
        "/metrics", port: gateway.dashboard, headers: [Holder.scoped(.scrape).bearer])
      #expect(reply.status == 200)
      #expect(reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      #expect(reply.headers["cache-control"] == "no-store")
      #expect(reply.headers["x-content-type-options"] == "nosniff")
      #expect(
        reply.text == """
          # HELP kafclaw_ready Whether the appliance is ready.
          # TYPE kafclaw_ready gauge
          kafclaw_ready 1
          # HELP kafclaw_denials_total Messages that were refused.
          # TYPE kafclaw_denials_total counter
          kafclaw_denials_total{reason="unknown-sender"} 3

          """)
    }
  }

  @Test func aPassIsAskedForByName() async throws {
    try await RunningGateway.runWithClients { gateway in
      let reply = try await GuardedRoute.reconcile.send(Holder.scoped(.operate).bearer, to: gateway)
      #expect(reply.status == 202 && reply.text == #"{"status":"ok"}"#)
      #expect(gateway.supervisor.reconciles == ["only-operate"])
      gateway.supervisor.fail(ApplianceError(.init("audit.unwritten"), "the disk is full"))
      let refused = try await GuardedRoute.reconcile.send(
        Holder.scoped(.operate).bearer, to: gateway)
      #expect(refused.status == 503 && refused.problem == "unavailable")
    }
  }
}
