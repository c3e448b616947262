// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import GatewayAPI

/// The running gateway, as probes reach it.
struct ProbedGateway: Sendable {
  enum Listener: String, CaseIterable {
    case api
    case dashboard

    /// What wants a token, and changes nothing: the message does not exist.
    var harmlessPath: String { self == .api ? ProbedGateway.harmlessPath : Routes.status }
  }

  static let harmlessPath = Routes.messages + "/security-audit"

  /// What is asked for on both listeners: all routes of either, and some that there are not.
  static let paths = [
    Routes.chat, Routes.messages, harmlessPath, Routes.status, Routes.reconcile, Routes.metrics,
    Routes.health, Routes.readiness, "/", "/api/v1/timeline", "/config.json",
  ]

  let api: ProbeAddress
  let dashboard: ProbeAddress
  /// The operator's.
  let token: SecretValue

  /// - Returns: `nil` when the appliance does not run.
  /// - Throws: What keeps its addresses or the token from being known.
  init?(of host: Host) async throws {
    guard host.isRunning else { return nil }
    let access = try await host.acts.access()
    (api, token) = (try ProbeAddress(url: access.url), access.token)
    guard let spec = try host.spec, let port = UInt16(exactly: spec.gateway.dashboardPort.value)
    else {
      throw ApplianceError(
        .probeFailed, "nothing was applied: the dashboard's port is not known",
        hint: "kafclaw status")
    }
    dashboard = api.with(port: port)
  }

  func address(of listener: Listener) -> ProbeAddress { listener == .api ? api : dashboard }

  func probe(_ listener: Listener = .api, limit: Double = 10) -> HTTPProbe {
    HTTPProbe(address: address(of: listener), limit: limit)
  }

  /// A request with the `Host` that the listener expects.
  func request(
    _ method: String, _ path: String, _ fields: ProbeRequest.Field..., body: String = "",
    on listener: Listener = .api
  ) -> ProbeRequest {
    var request = ProbeRequest(method, path, body: body, host: "\(address(of: listener))")
    request.fields = fields
    return request
  }

  /// Sends a request whole, and waits for its answer.
  func send(_ request: ProbeRequest, to listener: Listener = .api) async throws -> HTTPExchange {
    try await probe(listener).exchange(
      [.init(bytes: request.bytes())], toHead: request.method == "HEAD")
  }

  /// Makes sure that the token is accepted: without that, being refused with it would show nothing.
  /// A client that has authenticated is not locked out for what others get wrong.
  func requireToken() async throws {
    let exchange = try await send(request("GET", Self.harmlessPath, .bearer(token)))
    guard let status = exchange.status, status == 200 || status == 404 else {
      throw ApplianceError(
        .probeFailed, "the gateway does not take the operator's token: \(exchange.words)",
        hint: "kafclaw status; after 429, wait as long as its Retry-After says")
    }
  }
}

extension Check {
  /// A check that sends requests to the running gateway. It does not apply where none runs.
  ///
  /// - Parameter withToken: Whether the operator's token has to be accepted first.
  static func probe(
    _ id: String, _ title: String, _ severity: Severity, reference: String, withToken: Bool = true,
    _ detect: @escaping @Sendable (ProbedGateway, Host) async throws -> Verdict
  ) -> Check {
    Check(
      id, title, severity, .deep, reference: reference,
      remedy: "keep gateway.host on loopback, and install a release in which this holds"
    ) { host in
      guard let gateway = try await ProbedGateway(of: host) else {
        return .notApplicable("the appliance does not run: there is nothing to send requests to")
      }
      if withToken { try await gateway.requireToken() }
      return try await detect(gateway, host)
    }
  }
}
