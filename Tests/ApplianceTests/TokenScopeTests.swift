// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// A token opens what its scopes say, and nothing else.
@Suite(.serialized) struct TokenScopeTests {
  private static let scopes = ["chat", "read", "operate", "scrape"]

  private let appliance: RunningAppliance

  init() async throws {
    appliance = try RunningAppliance(name: "scope")
    #expect(try appliance.run("tomb", "init").code == 0)
    try await appliance.startReady()
  }

  /// A request for which a token needs a scope.
  private func ask(for scope: String, _ token: String) async throws -> RunningAppliance.Answer {
    let port = appliance.dashboardPort
    return switch scope {
    case "chat":
      try await appliance.request(
        .POST, "/chat", body: #"{"message":"hello"}"#, token: token)
    case "read":
      try await appliance.request(.GET, "/api/v1/status", port: port, token: token)
    case "operate":
      try await appliance.request(.POST, "/api/v1/reconcile", port: port, token: token)
    default: try await appliance.request(.GET, "/metrics", port: port, token: token)
    }
  }

  private func opened(by token: String) async throws -> Set<String> {
    var opened: Set<String> = []
    for scope in Self.scopes {
      let answer = try await ask(for: scope, token)
      if (200..<300).contains(answer.status) {
        opened.insert(scope)
      } else {
        #expect(answer.status == 403)
        #expect(answer.value("type")?.hasSuffix("insufficient-scope") == true)
        let challenge = answer.headers.first(name: "WWW-Authenticate") ?? ""
        #expect(challenge.contains("insufficient_scope") && challenge.contains("\"\(scope)\""))
      }
    }
    return opened
  }

  @Test func everyScopeOpensItsOwn() async throws {
    for scope in Self.scopes {
      let token = try appliance.makeToken("generate", "only-\(scope)", "--scope", scope)
      #expect(try await opened(by: token) == [scope])
      let verified = try appliance.verify(token)
      #expect(verified.output == "accepted: only-\(scope), \(scope)\n")
    }
    let all = try appliance.makeToken(
      "generate", "all", "--scope", "chat", "--scope", "read", "--scope", "operate", "--scope",
      "scrape")
    #expect(try await opened(by: all) == Set(Self.scopes))
    appliance.stop()
  }

  @Test func whoIsNotAskedForScopesMayChatAndRead() async throws {
    #expect(try await opened(by: appliance.token) == ["chat", "read"])
    let token = try appliance.makeToken("generate", "ci")
    #expect(try await opened(by: token) == ["chat", "read"])
    let rotated = try appliance.makeToken("rotate", "ci")
    #expect(try await opened(by: rotated) == ["chat", "read"])
    appliance.stop()
  }

  /// What a client asked for is in the audit log with its name.
  @Test func askedPassesAreRecorded() async throws {
    let token = try appliance.makeToken("generate", "deploy", "--scope", "operate")
    let before = try appliance.status().revisions.applied
    let text = RunningAppliance.yaml(
      port: appliance.port, dashboardPort: appliance.dashboardPort, allow: "[alice, bob]")
    try appliance.repository.commit(["kafclaw.yaml": text])
    #expect(try await ask(for: "operate", token).status == 202)
    // `try?`: no status is no change.
    #expect(await eventually { (try? appliance.status().revisions.applied) != before })
    let shown = try appliance.run("audit", "show", "--kind", "reconcile.request").output
    #expect(shown.contains("by client:deploy"), "\(shown)")
    appliance.stop()
  }
}
