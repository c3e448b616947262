// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DesiredState
public import DurableIO

/// The settings an agent runs with, without secrets.
///
/// Which tools a turn may use is no part of them: that is decided outside the agent, call by call.
public struct AgentSettings: Sendable, Codable, Equatable {
  /// The web pages that may be read.
  public struct Web: Sendable, Codable, Equatable {
    public let hosts: [String]
    /// Bytes.
    public let maxBytes: Int
    /// Seconds.
    public let timeout: Int
  }

  /// Name of the appliance, for replies.
  public var name: String
  /// Absolute paths.
  public var workspace: String
  public var workRepo: String
  /// The model that is asked, then the declared fallbacks.
  public var routes: [ModelRoute]
  /// Where the keys of the providers are kept; the agent gets them apart from its settings.
  public var keys: [String: SecretReference]
  public var maxToolIterations: Int
  /// Names of the programs that `exec` knows.
  public var programs: [String]
  public var web: Web

  public init(spec: ApplianceSpec, paths: AppliancePaths) {
    name = spec.appliance.name
    workspace = paths.agentFolder(spec.agent.workspace)
    workRepo = paths.agentFolder(spec.agent.workRepo)
    routes = AgentProviders.routes(spec)
    keys = Dictionary(
      AgentProviders.used(spec).compactMap { name in
        spec.providers[name]?.apiKey.map { (name, $0) }
      }, uniquingKeysWith: { one, _ in one })
    maxToolIterations = spec.agent.maxToolIterations.value
    programs = spec.tools.exec.profiles.keys.sorted()
    web = Web(
      hosts: spec.tools.web.hosts.sorted(), maxBytes: spec.tools.web.maxKiB.value << 10,
      timeout: Int(spec.tools.web.timeout.seconds))
  }

  public var json: JSONValue {
    [
      "name": .string(name), "workspace": .string(workspace), "workRepo": .string(workRepo),
      "routes": .array(routes.map(\.json)),
      "keys": .object(keys.mapValues { .string($0.description) }),
      "maxToolIterations": .integer(Int64(maxToolIterations)),
      "programs": .array(programs.map { .string($0) }),
      "web": [
        "hosts": .array(web.hosts.map { .string($0) }),
        "maxBytes": .integer(Int64(web.maxBytes)), "timeout": .integer(Int64(web.timeout)),
      ],
    ]
  }
}

/// The model providers that an agent may ask, in their order.
public enum AgentProviders {
  public static func used(_ spec: ApplianceSpec) -> [String] {
    var names: [String] = []
    for name in [spec.agent.provider] + spec.agent.fallbacks where !names.contains(name) {
      names.append(name)
    }
    return names
  }

  static func routes(_ spec: ApplianceSpec) -> [ModelRoute] {
    used(spec).enumerated().compactMap { index, name in
      let model = index == 0 ? spec.agent.model : nil
      if name == "offline" { return ModelRoute(provider: name, protocol: .offline, model: model) }
      // One that is not declared whole is asked nothing.
      guard let provider = spec.providers[name], let type = provider.type else { return nil }
      return ModelRoute(
        provider: name, protocol: type == .anthropic ? .anthropic : .openai,
        baseURL: provider.baseURL, model: model ?? provider.model,
        answerTokens: provider.answerTokens.value, timeout: Int(provider.timeout.seconds))
    }
  }
}

extension ModelRoute {
  fileprivate var json: JSONValue {
    var members: [String: JSONValue] = [
      "provider": .string(provider), "protocol": .string(self.protocol.rawValue),
      "answerTokens": .integer(Int64(answerTokens)), "timeout": .integer(Int64(timeout)),
    ]
    if let baseURL { members["baseURL"] = .string(baseURL) }
    if let model { members["model"] = .string(model) }
    return .object(members)
  }
}
