// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Reconciliation
import Synchronization

/// Holds what an operator took away during an incident against every message, call and text on its
/// way. It needs no plan, no commit and no component: what it refuses is refused with the next
/// question.
final class ContainmentGuard: Sendable {
  static let rule = "incident.containment"

  private let file: IncidentFile
  private let state: Mutex<IncidentState>

  init(_ file: IncidentFile) {
    self.file = file
    state = Mutex(file.read())
  }

  var current: IncidentState { state.withLock { $0 } }

  /// Holds a new state from now on, and over restarts.
  ///
  /// What takes more away holds before it is stored; what gives back only once it is.
  func change(
    _ body: (inout IncidentState) throws -> Void
  ) throws -> IncidentState {
    try state.withLock { state in
      var new = state
      try body(&new)
      guard new != state else { return state }
      if !Self.gives(new, beside: state) { state = new }
      try file.write(new)
      state = new
      return new
    }
  }

  private static func gives(_ new: IncidentState, beside old: IncidentState) -> Bool {
    guard let before = old.containment else { return false }
    guard let after = new.containment else { return true }
    return after.level < before.level || after.stage > before.stage
  }

  /// Why a message is not heard; `nil` where nothing keeps it.
  func objection(
    to principal: AccessPrincipal, _ settings: RuntimeSettings?
  ) -> AccessDecision? {
    guard let held = current.containment, held.level >= .channels else { return nil }
    if principal.sender == nil, !principal.client.hasPrefix(ChannelRoute.clientPrefix) {
      let isOperator = principal.client == AccessPrincipal.operatorClient
      guard held.level == .all, !isOperator else { return nil }
      return AccessDecision(.denied, .contained, rule: Self.rule)
    }
    guard !isBack(principal.channel, held, settings) else { return nil }
    return AccessDecision(.denied, .contained, rule: Self.rule)
  }

  /// Whether texts to a channel stay where they are.
  func holdsDeliveries(to channel: String, _ settings: RuntimeSettings?) -> Bool {
    guard let held = current.containment, held.level >= .channels else { return false }
    return !isBack(channel, held, settings)
  }

  /// A channel of no stage comes back when the containment is lifted.
  private func isBack(
    _ channel: String, _ held: Containment, _ settings: RuntimeSettings?
  ) -> Bool {
    guard let stage = settings?.channelStages[channel] else { return false }
    return stage <= held.stage
  }

  /// The decision about a call, as far as it may go now.
  func narrowed(
    _ decision: AccessDecision, tool: String, _ principal: AccessPrincipal,
    _ settings: RuntimeSettings?
  ) -> AccessDecision {
    guard decision.verdict != .denied else { return decision }
    if let objection = objection(to: principal, settings) { return objection }
    guard let held = current.containment else { return decision }
    let stage = ToolName.tiers[tool].flatMap { settings?.toolStages[$0] }
    if let stage, stage <= held.stage { return decision }
    return AccessDecision(.denied, .contained, rule: Self.rule, tier: decision.tier)
  }

  /// Whether a tool may be offered at all.
  func permits(tool: String, _ settings: RuntimeSettings?) -> Bool {
    guard let held = current.containment else { return true }
    guard let stage = ToolName.tiers[tool].flatMap({ settings?.toolStages[$0] }) else {
      return false
    }
    return stage <= held.stage
  }
}
