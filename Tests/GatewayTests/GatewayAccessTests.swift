// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import Gateway

/// Who is let in: token, host, origin, path and method, over real connections.
@Suite(.timeLimit(.minutes(2)))
struct GatewayAccessTests {
  @Test func requestWithoutAValidTokenIsRefused() async throws {
    try await RunningGateway.run { gateway in
      let tokens: [String?] = [
        nil, "Bearer wrong", "Basic \(RunningGateway.token)", "Bearer",
        "Bearer \(RunningGateway.token)x",
      ]
      for token in tokens {
        for (method, path, port) in [
          ("POST", "/chat", gateway.port), ("GET", "/api/v1/messages/m1", gateway.port),
          ("GET", "/api/v1/status", gateway.dashboard), ("GET", "/metrics", gateway.dashboard),
          ("POST", "/api/v1/reconcile", gateway.dashboard),
        ] {
          let reply = try await PlainHTTP.send(
            method, path, port: port, headers: [("Authorization", token), RunningGateway.json],
            body: method == "POST" ? Array(#"{"message":"hello"}"#.utf8) : [])
          #expect(reply.status == 401, "\(path) \(token ?? "-")")
          #expect(reply.problem == "unauthorized")
          #expect(reply.headers["www-authenticate"] == "Bearer")
          #expect(reply.headers["content-type"] == "application/problem+json")
        }
      }
      #expect(gateway.supervisor.admitted == [])
    }
  }

  @Test func twoTokensAreRefused() async throws {
    try await RunningGateway.run { gateway in
      let reply = try await gateway.chat(headers: [RunningGateway.bearer])
      #expect(reply.status == 401)
    }
  }

  @Test func probesNeedNoToken() async throws {
    try await RunningGateway.run { gateway in
      for port in [gateway.port, gateway.dashboard] {
        let health = try await gateway.get("/healthz", port: port, headers: [])
        #expect(health.status == 200)
        #expect(health.text == #"{"status":"ok"}"#)
        let ready = try await gateway.get("/readyz", port: port, headers: [])
        #expect(ready.status == 200)
        let value = try ready.json()
        #expect(value == ["agent": true, "store": true, "digest": true])
      }
    }
  }

  @Test(arguments: [(false, true, true), (true, false, true), (true, true, false)])
  func applianceThatIsNotReadySaysSo(agent: Bool, store: Bool, digest: Bool) async throws {
    try await RunningGateway.run { gateway in
      gateway.supervisor.set(.init(agent: agent, store: store, digest: digest))
      let reply = try await gateway.get("/readyz", headers: [])
      #expect(reply.status == 503)
      let value = try reply.json()
      #expect(value == ["agent": .bool(agent), "store": .bool(store), "digest": .bool(digest)])
      let health = try await gateway.get("/healthz", headers: [])
      #expect(health.status == 200)
    }
  }

  @Test func pagesOfOtherOriginsAreRefused() async throws {
    try await RunningGateway.run { gateway in
      let origins = [
        "http://evil.example", "null", "http://127.0.0.1", "http://localhost:\(gateway.port)",
        "http://127.0.0.1:\(gateway.port).evil.example", "file://", "",
      ]
      for origin in origins {
        let reply = try await gateway.chat(headers: [("Origin", origin)])
        #expect(reply.status == 403, "\(origin)")
        #expect(reply.problem == "cross-origin", "\(origin)")
      }
      #expect(gateway.supervisor.admitted == [])
      let own = try await gateway.chat(headers: [("Origin", "http://127.0.0.1:\(gateway.port)")])
      #expect(own.status == 200)
    }
  }

  @Test func otherHostNamesAreRefused() async throws {
    try await RunningGateway.run { gateway in
      let hosts: [String?] = [
        "evil.example", "evil.example:\(gateway.port)", "127.0.0.1.evil.example", "192.168.1.1",
        "0.0.0.0", "localhost.evil.example", "[fe80::1]", "",
      ]
      for host in hosts {
        let reply = try await gateway.chat(headers: [("Host", host)])
        #expect(reply.status == 421, "\(host ?? "-")")
        #expect(reply.problem == "unknown-host")
      }
      #expect(gateway.supervisor.admitted == [])
      for host in ["127.0.0.1", "localhost", "LOCALHOST:1", "[::1]:80", "127.1.2.3"] {
        let reply = try await gateway.chat(headers: [("Host", host)])
        #expect(reply.status == 200, "\(host)")
      }
    }
  }

  @Test func requestWithoutAHostIsRefused() async throws {
    try await RunningGateway.run { gateway in
      let reply = try await gateway.chat(headers: [("Host", nil)])
      #expect([400, 421].contains(reply.status))
    }
  }

  @Test func unknownPathsAreNotFound() async throws {
    try await RunningGateway.run { gateway in
      let api = [
        "/", "/chat/", "/Chat", "/chatx", "/api/v1/messages", "/api/v1/messages/a/b",
        "/api/v1/status", "/api/v1/reconcile", "/metrics", "/..", "/../chat", "//chat",
        "/%2e%2e/chat",
      ]
      for path in api {
        let reply = try await gateway.get(path)
        #expect(reply.status == 404, "\(path)")
        #expect(reply.problem == "not-found", "\(path)")
      }
      for path in ["/chat", "/api/v1/messages/m1", "/other", "/overview/x", "//"] {
        let reply = try await gateway.get(path, port: gateway.dashboard)
        #expect(reply.status == 404, "\(path)")
      }
    }
  }

  static let methods = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND",
  ]

  @Test func otherMethodsAreNotAllowed() async throws {
    try await RunningGateway.run { gateway in
      let routes = [
        ("/chat", "POST", gateway.port), ("/api/v1/messages/m1", "GET", gateway.port),
        ("/healthz", "GET", gateway.port), ("/readyz", "GET", gateway.dashboard),
        ("/api/v1/status", "GET", gateway.dashboard), ("/metrics", "GET", gateway.dashboard),
        ("/api/v1/reconcile", "POST", gateway.dashboard),
      ]
      for (path, allowed, port) in routes {
        for method in Self.methods where method != allowed {
          let reply = try await PlainHTTP.send(
            method, path, port: port, headers: [RunningGateway.bearer])
          #expect(reply.status == 405, "\(method) \(path)")
          #expect(reply.headers["allow"] == allowed, "\(method) \(path)")
        }
      }
    }
  }

  @Test func noAnswerInvitesOtherOrigins() async throws {
    try await RunningGateway.run { gateway in
      let ask: [(String, String?)] = [
        ("Origin", "http://evil.example"), ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization"),
      ]
      let replies = [
        try await PlainHTTP.send("OPTIONS", "/chat", port: gateway.port, headers: ask),
        try await PlainHTTP.send("GET", "/healthz", port: gateway.port, headers: ask),
        try await gateway.chat(), try await gateway.get("/healthz"), try await gateway.get("/"),
        try await gateway.get("/api/v1/status", port: gateway.dashboard),
      ]
      for reply in replies {
        #expect(!reply.headers.keys.contains { $0.hasPrefix("access-control-") })
        #expect(reply.headers["server"] == nil)
        #expect(reply.headers["x-content-type-options"] == "nosniff")
        #expect(reply.headers["cache-control"] == "no-store")
      }
    }
  }
}
