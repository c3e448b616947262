// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Reconciliation
import Supervision
import Timeline

/// The appliers of all kinds.
enum Appliers {
  static func live(
    paths: AppliancePaths, store: TimelineStore, supervisors: [ComponentSupervisor],
    configurations: ComponentConfigurations
  ) -> [any ResourceApplier] {
    let byName = Dictionary(uniqueKeysWithValues: supervisors.map { ($0.name.rawValue, $0) })
    return shared(paths: paths, secrets: configurations.secrets) + [
      SendersApplier(rules: { try await store.accessRules() }, store: store),
      ToolsApplier(rules: { try await store.accessRules() }, store: store),
      ComponentApplier(supervisors: byName, configurations: configurations),
    ]
  }

  /// Appliers for an appliance that is not running.
  ///
  /// - Parameter store: `nil` for a plan.
  static func stopped(
    paths: AppliancePaths, applied: AppliedState, secrets: SecretResolver, store: TimelineStore?
  ) -> [any ResourceApplier] {
    let path = paths.timelineFile
    let rules: @Sendable () async throws -> AccessRules? = {
      if let store { return try await store.accessRules() }
      return try TimelineInspection.accessRules(path: path)
    }
    return shared(paths: paths, secrets: secrets) + [
      SendersApplier(rules: rules, store: store), ToolsApplier(rules: rules, store: store),
      StoppedComponentApplier(applied: applied.resources),
    ]
  }

  private static func shared(
    paths: AppliancePaths, secrets: SecretResolver
  ) -> [any ResourceApplier] {
    [
      ModesApplier(state: paths.state), SecretApplier(resolver: secrets),
      WorkspaceApplier(paths: paths), SkillApplier(paths: paths),
      ConfigurationApplier(path: paths.renderedConfiguration),
    ]
  }
}
