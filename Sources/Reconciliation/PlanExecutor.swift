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
    health: @Sendable () async throws -> Void
  ) async throws {
    let changes = plan.effective.filter(\.writes)
    for change in changes where !change.actions.contains(.delete) {
      try await carryOut(change, state, desired[change.address])
    }
    try await health()
    for change in changes.reversed() where change.actions.contains(.delete) {
      do {
        try await carryOut(change, state, nil)
      } catch {
        throw Unpruned(
          cause: error as? ApplianceError ?? ApplianceError(.inconsistent, "\(type(of: error))"))
      }
    }
  }

  /// A removal failed, after everything else was done and found healthy.
  struct Unpruned: Error {
    let cause: ApplianceError
  }

  private func carryOut(
    _ change: Change, _ state: LoadedState, _ desired: ResourceFields?
  ) async throws {
    guard let applier = appliers.first(where: { $0.kind == change.kind }) else {
      throw ApplianceError(.inconsistent, "nothing applies resources of kind \(change.kind)")
    }
    // Modes come first and unrecorded: they can be what keeps the journal from being written.
    guard change.kind != .modes else {
      return try await applier.apply(change.address.name, desired: desired, of: state)
    }
    try journal.append(.intent, change, desired, serial: serial, at: now())
    do {
      try await applier.apply(change.address.name, desired: desired, of: state)
    } catch {
      try journal.append(.failed, change, desired, serial: serial, at: now())
      throw error
    }
    try journal.append(.done, change, desired, serial: serial, at: now())
  }
}
