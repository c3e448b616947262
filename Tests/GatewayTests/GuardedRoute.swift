// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Testing

@testable import Gateway

/// A route that wants a token.
struct GuardedRoute: Sendable {
  let method: String
  let path: String
  let scope: TokenScope
  /// What is answered to who may use it.
  let status: Int

  static let all = [
    GuardedRoute(method: "POST", path: "/chat", scope: .chat, status: 200),
    GuardedRoute(method: "GET", path: "/api/v1/messages/m1", scope: .chat, status: 200),
    GuardedRoute(method: "GET", path: "/api/v1/status", scope: .read, status: 200),
    GuardedRoute(method: "GET", path: "/metrics", scope: .scrape, status: 200), reconcile,
  ]

  static let reconcile = GuardedRoute(
    method: "POST", path: "/api/v1/reconcile", scope: .operate, status: 202)

  func send(
    _ bearer: (String, String?), to gateway: RunningGateway
  ) async throws -> PlainHTTP.Reply {
    try await PlainHTTP.send(
      method, path, port: scope == .chat ? gateway.port : gateway.dashboard,
      headers: [bearer, RunningGateway.json],
      body: path == "/chat" ? Array(#"{"message":"hello"}"#.utf8) : [])
  }
}

extension Holder {
  static func scoped(_ scope: TokenScope) -> Holder {
    Holder(name: "only-\(scope.rawValue)", token: "token-\(scope.rawValue)", scopes: [scope])
  }

  /// Credentials of nobody.
  static let stranger: (String, String?) = ("Authorization", "Bearer nobodys")
}

extension RunningGateway {
  /// Runs a gateway with clients of one scope each, the shared one and the operator.
  static func runWithClients(
    locked: [String: NetworkLock] = [:], _ body: (RunningGateway) async throws -> Void
  ) async throws {
    let holders = [Holder.local, .shared] + TokenScope.allCases.map { Holder.scoped($0) }
    try await run(isConfigured: false) { gateway in
      try await gateway.configure(credentials: .of(holders, locked: locked))
      try await body(gateway)
    }
  }
}

extension Date {
  /// So many seconds from now, as a whole one: what crosses the socket has no others.
  static func soon(_ seconds: TimeInterval) -> Date {
    Date(timeIntervalSince1970: (Date().timeIntervalSince1970 + seconds).rounded())
  }
}

func expect(
  _ status: Int, _ reply: PlainHTTP.Reply, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(reply.status == status, sourceLocation: sourceLocation)
}
