// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Reconciliation
import Supervision
import Synchronization

/// Holds what an operator took away during an incident against every message, call and text on its
/// way. It needs no plan, no commit and no component: what it refuses is refused with the next
/// question.
final class ContainmentGuard: Sendable {
  static let rule = "incident.containment"

  private struct Held {
    var state: IncidentState
    /// Whether the file says the same.
    var isStored = true
  }

  /// Rings whenever something was ordered.
  private let ordered = WakeSignal()
  private let file: IncidentFile
  private let held: Mutex<Held>

  init(_ file: IncidentFile) {
    self.file = file
    var state = file.read()
    // Nobody saw how the stage went that was opened last.
    let isOpen = state.containment?.before != nil
    state.containment = state.containment?.returned()
    held = Mutex(Held(state: state, isStored: !isOpen))
  }

  var current: IncidentState { held.withLock { $0.state } }

  /// Holds a new state from now on, and over restarts.
  ///
  /// What takes more away holds before it is stored, and also where it cannot be; what gives back only
  /// once it is stored.
  ///
  /// - Parameter takesAway: Whether it does in any case, as what closes a stage again.
  func change(
    takesAway: Bool = false, _ body: (inout IncidentState) throws -> Void
  ) throws -> IncidentState {
    defer { ordered.ring() }
    return try held.withLock { held in
      var new = held.state
      try body(&new)
      guard new != held.state || !held.isStored else { return held.state }
      if takesAway || !Self.gives(new, beside: held.state) {
        (held.state, held.isStored) = (new, false)
      }
      try file.write(new)
      (held.state, held.isStored) = (new, true)
      return new
    }
  }

  /// Notes that a stage was looked at to its end.
  ///
  /// - Returns: `nil` when another order came meanwhile.
  func settle(version: Int) throws -> IncidentState? {
    try held.withLock { held in
      guard held.state.containment?.version == version else { return nil }
      var new = held.state
      new.containment?.before = nil
      try file.write(new)
      (held.state, held.isStored) = (new, true)
      return new
    }
  }

  /// Stores what holds and could not be stored yet.
  func storeAgain() throws {
    try held.withLock { held in
      guard !held.isStored else { return }
      try file.write(held.state)
      held.isStored = true
    }
  }

  private static func gives(_ new: IncidentState, beside old: IncidentState) -> Bool {
    if old.standstill != nil, new.standstill == nil { return true }
    guard let before = old.containment else { return false }
    guard let after = new.containment else { return true }
    return after.level < before.level || after.opens(beside: before)
  }

  /// Why a message is not heard; `nil` where nothing keeps it.
  func objection(to principal: AccessPrincipal) -> AccessDecision? {
    guard let held = current.containment, held.level >= .channels else { return nil }
    if principal.sender == nil, !principal.client.hasPrefix(ChannelRoute.clientPrefix) {
      let isOperator = principal.client == AccessPrincipal.operatorClient
      guard held.level == .all, !isOperator else { return nil }
      return AccessDecision(.denied, .contained, rule: Self.rule)
    }
    guard !held.channels.contains(principal.channel) else { return nil }
    return AccessDecision(.denied, .contained, rule: Self.rule)
  }

  /// Whether texts to a channel stay where they are.
  func holdsDeliveries(to channel: String) -> Bool {
    guard let held = current.containment, held.level >= .channels else { return false }
    return !held.channels.contains(channel)
  }

  /// Whether an API client may act or read; the operator of the host always may.
  func refuses(client: String) -> Bool {
    isEveryClientRefused && client != AccessPrincipal.operatorClient
  }

  /// Whether no API client but the operator of the host may act or read.
  var isEveryClientRefused: Bool { current.containment?.level == .all }

  /// The decision about a call, as far as it may go now.
  func narrowed(
    _ decision: AccessDecision, tool: String, _ principal: AccessPrincipal
  ) -> AccessDecision {
    guard decision.verdict != .denied else { return decision }
    if let objection = objection(to: principal) { return objection }
    guard !permits(tool: tool) else { return decision }
    return AccessDecision(.denied, .contained, rule: Self.rule, tier: decision.tier)
  }

  /// Whether a tool may be offered at all.
  func permits(tool: String) -> Bool {
    guard let held = current.containment else { return true }
    return ToolName.tiers[tool].map { held.tools.contains($0) } ?? false
  }

  /// Returns once a tool may not be used, or when the task is cancelled.
  func untilRefused(tool: String) async { await until { !permits(tool: tool) } }

  /// Returns once a tool may be used, or when the task is cancelled.
  func untilPermitted(tool: String) async { await until { permits(tool: tool) } }

  private func until(_ holds: () -> Bool) async {
    while !Task.isCancelled {
      let seen = ordered.generation
      guard !holds() else { return }
      await ordered.wait(after: seen, for: nil)
    }
  }
}
