// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Planning
import Reconciliation

/// Whether secrets can be resolved. They are the operator's to set: nothing is ever written.
struct SecretApplier: ResourceApplier {
  let kind = ResourceKind.secret
  let resolver: SecretResolver

  func observe(_ names: Set<String>, of _: LoadedState) async -> [String: Observation] {
    Dictionary(uniqueKeysWithValues: names.map { ($0, observe($0)) })
  }

  func apply(_: String, desired _: ResourceFields?, of _: LoadedState) async throws {}

  private func observe(_ name: String) -> Observation {
    guard let reference = SecretReference(name) else { return .absent }
    do {
      return try resolver.isPresent(reference) ? .present(["present": true]) : .absent
    } catch {
      return .unknown(ApplianceError.of(error).message)
    }
  }
}
