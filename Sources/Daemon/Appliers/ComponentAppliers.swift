// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import AgentRuntime
import ApplianceModel
import ControlAPI
import DesiredState
import DurableIO
import Planning
import Reconciliation
import SodiumCrypto
import Supervision

extension ApplianceError.Code {
  /// A component does not run what it was given.
  static let componentUnhealthy = Self("component.unhealthy")
}

/// Gateway and agent: the processes and the settings that they themselves report.
struct ComponentApplier: ResourceApplier {
  let kind = ResourceKind.component
  let supervisors: [String: ComponentSupervisor]
  let configurations: ComponentConfigurations

  func observe(_ names: Set<String>, of _: LoadedState) async -> [String: Observation] {
    var observed: [String: Observation] = [:]
    for name in names { observed[name] = await observe(name) }
    return observed
  }

  func apply(_ name: String, desired: ResourceFields?, of state: LoadedState) async throws {
    guard let supervisor = supervisors[name], desired != nil else { return }
    let configuration = try await configurations.configuration(of: supervisor.name, state)
    let report = try await supervisor.configure(configuration)
    guard report.digest == configuration.digest, report.isReady else {
      throw ApplianceError(
        .componentUnhealthy,
        "\(name) does not run the new configuration: "
          + (report.message ?? "it answered with another digest"))
    }
  }

  private func observe(_ name: String) async -> Observation {
    guard let report = await supervisors[name]?.report(), report.digest != nil else {
      return .absent
    }
    var fields = report.settings.objectValue ?? [:]
    fields["state"] = report.isReady ? "running" : "unhealthy"
    return .present(fields)
  }
}

/// Components of an appliance that is not running: they start with it, so what was applied last is
/// what will run.
struct StoppedComponentApplier: ResourceApplier {
  let kind = ResourceKind.component
  let applied: [String: ResourceFields]

  func observe(_ names: Set<String>, of _: LoadedState) async -> [String: Observation] {
    Dictionary(
      uniqueKeysWithValues: names.map { name in
        let fields = applied[ResourceAddress(.component, name).text]
        return (name, fields.map { .present($0) } ?? .absent)
      })
  }

  func apply(_: String, desired _: ResourceFields?, of _: LoadedState) async throws {}
}

/// Builds what each component gets over its link.
struct ComponentConfigurations: Sendable {
  let paths: AppliancePaths
  let secrets: SecretResolver
  let tokens: GatewayTokens
  /// Told which secrets a state refers to before any component works with it.
  let secretsKnown: @Sendable (LoadedState) throws -> Void

  func configuration(
    of name: ComponentName, _ state: LoadedState
  ) async throws -> ComponentConfiguration {
    try secretsKnown(state)
    switch name {
    case .gateway: return try await gateway(GatewaySettings(spec: state.spec).json)
    case .agent: return try agent(AgentSettings(spec: state.spec, paths: paths))
    }
  }

  private func gateway(_ settings: JSONValue) async throws -> ComponentConfiguration {
    ComponentConfiguration(
      digest: SHA256.digest(settings), settings: settings,
      sealed: try await tokens.sealed(settings))
  }

  /// The agent gets the keys of the providers it may ask, and no other secret.
  private func agent(_ settings: AgentSettings) throws -> ComponentConfiguration {
    try PrivateFolder.create(settings.workspace)
    try PrivateFolder.create(settings.workRepo)
    return ComponentConfiguration(
      digest: SHA256.digest(settings.json), settings: settings.json,
      sealed: try agentKeys(settings))
  }

  /// What an agent that runs with these settings gets, as it is now.
  func agentKeys(_ settings: JSONValue) throws -> SealedSettings {
    try agentKeys(ApplianceJSON.decode(AgentSettings.self, from: CanonicalJSON.bytes(settings)))
  }

  private func agentKeys(_ settings: AgentSettings) throws -> SealedSettings {
    try ProviderKeys(settings.keys.mapValues { try secrets.resolve($0, for: .agent) }).sealed
  }
}
