// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import FoundationEssentials
import Planning

/// Carries out a plan: creates and updates in waves, health, deletions last.
struct PlanExecutor: Sendable {
  let appliers: [any ResourceApplier]
  let journal: ReconcileJournal
  let serial: Int
  let now: @Sendable () -> Date

  /// - Parameter health: Checked after creates and updates and before any deletion; throws when a
  ///   component is not healthy with the new configuration.
  /// - Throws: The first failure; what was done until then stays, and the next pass goes on.
  func execute(
    _ plan: Plan, of state: LoadedState, desired: [ResourceAddress: ResourceFields],
    health: () async throws -> Void
  ) async throws {
    let changes = plan.effective.filter(\.writes)
    for change in changes where !change.actions.contains(.delete) {
      try await carryOut(change, state, desired[change.address])
    }
    try await health()
    for change in changes.reversed() where change.actions.contains(.delete) {
      try await carryOut(change, state, nil)
    }
  }

  private func carryOut(
    _ change: Change, _ state: LoadedState, _ desired: ResourceFields?
  ) async throws {
    guard let applier = appliers.first(where: { $0.kind == change.kind }) else {
      throw ApplianceError(.inconsistent, "nothing applies resources of kind \(change.kind)")
    }
    try journal.append(.intent, change, serial: serial, at: now())
    do {
      try await applier.apply(change.address.name, desired: desired, of: state)
    } catch {
      try journal.append(.failed, change, serial: serial, at: now())
      throw error
    }
    try journal.append(.done, change, serial: serial, at: now())
  }
}
