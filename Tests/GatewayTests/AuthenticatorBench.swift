// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import Foundation
import HTTPTypes
import Hummingbird
import Planning
import SodiumCrypto
import Testing

@testable import Gateway

/// What decides whose a request is, over a real socket to a script, at times of the test's choice.
final class AuthenticatorBench: Sendable {
  /// What a request is answered with; 200 stands for whatever its route does.
  struct Answer: Sendable, Equatable, CustomStringConvertible {
    let status: Int
    var client: String?
    var retryAfter: String?

    static func granted(_ client: String) -> Answer { Answer(status: 200, client: client) }
    static let forbidden = Answer(status: 403)
    static let unauthorized = Answer(status: 401)
    static let unavailable = Answer(status: 503, retryAfter: "1")
    static func locked(_ seconds: Int) -> Answer { Answer(status: 429, retryAfter: "\(seconds)") }

    var description: String { "\(status) \(client ?? "-") \(retryAfter ?? "-")" }
  }

  static let start = Date(timeIntervalSince1970: 1_800_000_000)
  static let network = SourceNetwork("203.0.113.7")

  let supervisor = ScriptedSupervisor()
  let networks = LockedNetworks()
  private let state = GatewayState()
  private let authenticator: Authenticator

  private init(_ link: ComponentLink) {
    authenticator = Authenticator(state: state, link: link, networks: networks)
  }

  static func run(
    _ holders: [Holder]?, _ body: (AuthenticatorBench) async throws -> Void
  ) async throws {
    let link = try GatewayLink()
    let bench = AuthenticatorBench(link.component)
    if let holders { bench.use(GatewayCredentials.of(holders)) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await link.supervisor.run { try await bench.supervisor.answer($0) } }
      group.addTask {
        await link.component.run { _ in throw ApplianceError(.malformed, "not asked here") }
      }
      defer { link.supervisor.close() }
      try await body(bench)
    }
  }

  func use(_ credentials: GatewayCredentials) {
    let settings = GatewaySettings(
      host: "127.0.0.1", port: 1, dashboardPort: 2, token: .environment("TOKEN"))
    state.replace(
      with: .init(
        digest: SHA256.digest(settings.json), json: settings.json, settings: settings,
        credentials: credentials))
  }

  /// Sends a request, and expects what it is answered with.
  ///
  /// - Parameter seconds: From ``start`` on.
  func expect(
    _ answer: Answer, for authorization: String?, from network: SourceNetwork = network,
    _ scope: TokenScope = .chat, at seconds: TimeInterval = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let found = try await ask(authorization, from: network, scope, at: seconds)
    #expect(
      found == answer, "\(authorization ?? "-") at \(seconds)", sourceLocation: sourceLocation)
  }

  private func ask(
    _ authorization: String?, from network: SourceNetwork, _ scope: TokenScope,
    at seconds: TimeInterval
  ) async throws -> Answer {
    var fields = HTTPFields()
    if let authorization { fields[.authorization] = authorization }
    let request = Request(
      head: HTTPRequest(
        method: .post, scheme: "http", authority: "127.0.0.1", path: "/chat?a=b",
        headerFields: fields), body: .init(buffer: .init()))
    do {
      let client = try await authenticator.client(
        of: request, from: network, scope, at: Self.start.addingTimeInterval(seconds))
      return .granted(client)
    } catch let problem as ProblemResponse {
      return Answer(status: problem.status.code, retryAfter: problem.headers[.retryAfter])
    }
  }
}
