// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DesiredState
public import DurableIO

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

/// The settings an agent runs with, without secrets.
public struct AgentSettings: Sendable, Codable, Equatable {
  /// Name of the appliance, for replies.
  public var name: String
  /// Absolute paths.
  public var workspace: String
  public var workRepo: String
  public var provider: String
  /// `nil` leaves the choice to the provider.
  public var model: String?
  public var maxToolIterations: Int
  public var deny: [String]
  /// `nil` allows every tool.
  public var allow: [String]?
  public var tiers: [String: ToolTier]

  public init(spec: ApplianceSpec, paths: AppliancePaths) {
    name = spec.appliance.name
    workspace = paths.agentFolder(spec.agent.workspace)
    workRepo = paths.agentFolder(spec.agent.workRepo)
    provider = spec.agent.provider
    model = spec.agent.model
    maxToolIterations = spec.agent.maxToolIterations.value
    deny = spec.tools.deny.sorted()
    allow = spec.tools.allow?.sorted()
    tiers = [
      SenderTier.external.rawValue: spec.tools.tiers.external,
      SenderTier.internal.rawValue: spec.tools.tiers.internal,
      SenderTier.owner.rawValue: spec.tools.tiers.owner,
    ]
  }

  public var json: JSONValue {
    var members: [String: JSONValue] = [
      "name": .string(name), "workspace": .string(workspace), "workRepo": .string(workRepo),
      "provider": .string(provider), "maxToolIterations": .integer(Int64(maxToolIterations)),
      "deny": .array(deny.map { .string($0) }),
      "tiers": .object(tiers.mapValues { .string($0.rawValue) }),
    ]
    if let model { members["model"] = .string(model) }
    if let allow { members["allow"] = .array(allow.map { .string($0) }) }
    return .object(members)
  }
}
