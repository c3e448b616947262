// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import Foundation
import Logging
import Planning
import SodiumCrypto

@testable import Gateway

/// A gateway at one end of a real socket, a script at the other, clients on real ports.
final class RunningGateway: Sendable {
  static let token = "0123456789abcdef0123456789abcdef"
  static let bearer: (String, String?) = ("Authorization", "Bearer \(token)")
  static let json: (String, String?) = ("Content-Type", "application/json")

  let link: SupervisorLink
  let supervisor = ScriptedSupervisor()
  let port: Int
  let dashboard: Int
  private let service: GatewayService

  private init() throws {
    (port, dashboard) = (try Port.free(), try Port.free())
    let ends = try GatewayLink()
    link = ends.supervisor
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    service = GatewayService(link: ends.component, logger: logger)
  }

  /// Runs a gateway while `body` runs; the end of the socket ends it.
  static func run(
    isConfigured: Bool = true, _ body: (RunningGateway) async throws -> Void
  ) async throws {
    let gateway = try RunningGateway()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await gateway.service.run() }
      group.addTask { await gateway.link.run { try await gateway.supervisor.answer($0) } }
      defer { gateway.link.close() }
      if isConfigured { _ = try await gateway.configure() }
      try await body(gateway)
    }
  }

  /// What the gateway then runs, by its own words.
  @discardableResult
  func configure(
    host: String = "127.0.0.1", port: Int? = nil, dashboard: Int? = nil, hasToken: Bool = true,
    credentials: GatewayCredentials? = nil
  ) async throws -> ComponentReport {
    let order = try configuration(
      host: host, port: port, dashboard: dashboard, hasToken: hasToken, credentials: credentials)
    return try Self.report(await link.call(.configure(order)))
  }

  func report() async throws -> ComponentReport { try Self.report(await link.call(.report)) }

  private static func report(_ reply: SupervisorOrderReply) throws -> ComponentReport {
    guard case .report(let report) = reply else {
      throw ApplianceError(.init("test.report"), "no report")
    }
    return report
  }

  /// - Parameter credentials: In place of the operator's, and those of the shared token.
  func configuration(
    host: String = "127.0.0.1", port: Int? = nil, dashboard: Int? = nil, hasToken: Bool = true,
    credentials: GatewayCredentials? = nil, channels: [ChannelRoute] = []
  ) throws -> ComponentConfiguration {
    let settings = GatewaySettings(
      host: host, port: port ?? self.port, dashboardPort: dashboard ?? self.dashboard,
      token: hasToken ? .environment("TOKEN") : nil, channels: channels)
    let usual = GatewayCredentials.of(hasToken ? [.local, .shared] : [.local])
    return ComponentConfiguration(
      digest: SHA256.digest(settings.json), settings: settings.json,
      sealed: SealedSettings(try ApplianceJSON.encode(credentials ?? usual)))
  }

  /// An authenticated request with a JSON body.
  func chat(
    _ body: String = #"{"message":"hello"}"#, headers: [(String, String?)] = [], port: Int? = nil
  ) async throws -> PlainHTTP.Reply {
    try await chat(body, by: Self.bearer, headers: headers, port: port)
  }

  /// The same with other credentials, or with none.
  func chat(
    _ body: String = #"{"message":"hello"}"#, by bearer: (String, String?),
    headers: [(String, String?)] = [], port: Int? = nil
  ) async throws -> PlainHTTP.Reply {
    try await PlainHTTP.send(
      "POST", "/chat", port: port ?? self.port, headers: [bearer, Self.json] + headers,
      body: Array(body.utf8))
  }

  func get(
    _ path: String, port: Int? = nil, headers: [(String, String?)] = [RunningGateway.bearer]
  ) async throws -> PlainHTTP.Reply {
    try await PlainHTTP.send("GET", path, port: port ?? self.port, headers: headers)
  }
}
