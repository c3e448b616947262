// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DesiredState
import DurableIO

/// The settings a gateway runs with, without secrets.
public struct GatewaySettings: Sendable, Codable, Equatable {
  public var host: String
  public var port: Int
  public var dashboardPort: Int
  /// Where the bearer token is kept; the gateway itself gets a keyed hash only.
  public var token: SecretReference?

  public init(host: String, port: Int, dashboardPort: Int, token: SecretReference?) {
    self.host = host
    self.port = port
    self.dashboardPort = dashboardPort
    self.token = token
  }

  public init(spec: ApplianceSpec) {
    self.init(
      host: spec.gateway.host.text, port: spec.gateway.port.value,
      dashboardPort: spec.gateway.dashboardPort.value, token: spec.gateway.auth.token)
  }

  public var json: JSONValue {
    var members: [String: JSONValue] = [
      "host": .string(host), "port": .integer(Int64(port)),
      "dashboardPort": .integer(Int64(dashboardPort)),
    ]
    if let token { members["token"] = .string(token.description) }
    return .object(members)
  }
}
