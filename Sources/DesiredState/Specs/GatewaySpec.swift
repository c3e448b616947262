// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Where the gateway listens and who may talk to it.
public struct GatewaySpec: Sendable, Equatable {
  public var host = ListenAddress("127.0.0.1")
  public var port = Port(18_790)
  public var dashboardPort = Port(18_791)
  public var auth = GatewayAuthSpec()

  public init() {}
}

extension GatewaySpec: SpecSection, SpecNesting {
  package static var summary: String { "Where the gateway listens and who may talk to it." }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "host", \.host,
      "Address of both listeners. Anything but loopback requires `gateway.auth.token`."),
    SpecField("port", \.port, "Port of the API (`POST /chat`)."),
    SpecField("dashboardPort", \.dashboardPort, "Port of the dashboard, status and metrics."),
    SpecField("auth", \.auth, GatewayAuthSpec.summary),
  ]
}

/// The bearer token of API clients.
public struct GatewayAuthSpec: Sendable, Equatable {
  public var token: SecretReference?
  public var rotateAfter: SpecDuration?

  public init() {}
}

extension GatewayAuthSpec: SpecSection, SpecNesting {
  package static var summary: String { "The bearer token of API clients." }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "token", \.token,
      "Where the bearer token is kept. Without one the API refuses every client; "
        + "`kafclaw chat` on the same host still works."),
    SpecField("rotateAfter", \.rotateAfter, "Age at which the token must be rotated."),
  ]
}
