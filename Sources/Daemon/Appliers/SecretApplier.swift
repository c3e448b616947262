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

  func observe(_ names: Set<String>, of state: LoadedState) async -> [String: Observation] {
    let token = state.spec.gateway.auth.token?.description
    return Dictionary(
      uniqueKeysWithValues: names.map { ($0, observe($0, isToken: $0 == token)) })
  }

  func apply(_: String, desired _: ResourceFields?, of _: LoadedState) async throws {}

  private func observe(_ name: String, isToken: Bool) -> Observation {
    guard let reference = SecretReference(name) else { return .absent }
    do {
      // A token that was made here takes the place of the one that is named.
      if isToken, try resolver.hasMadeToken() { return .present(["present": true]) }
      guard try resolver.isPresent(reference) else { return .absent }
      guard isToken, let weakness = try resolver.weakness(of: reference) else {
        return .present(["present": true])
      }
      return .present(["present": true, "weakness": .string(weakness)])
    } catch {
      return .unknown(ApplianceError.of(error).message)
    }
  }
}
