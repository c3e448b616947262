// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import ControlAPI
import FoundationEssentials
import Reconciliation

/// What can be done on a page of the dashboard, by the same ways as on the command line.
struct DashboardDeeds: Sendable {
  let actions: ControlActions
  /// Who does it.
  let actor: String

  /// - Returns: What it came to, in a sentence.
  func carryOut(_ act: DashboardAct) async throws -> String {
    switch act.deed {
    case .approve, .deny: return try await decide(act)
    case .admit, .refuse: return try await pair(act)
    case .acknowledge:
      _ = try await actions.alerts(
        AlertsRequest(states: [], acknowledge: try number(act)), as: actor)
      return "The alert is acknowledged."
    case .reconcile:
      let now = Date()
      try actions.audit.record(
        [AuditEvent(.request, by: actor, on: "reconciler", .intent, at: now)], at: now)
      let outcome = await actions.reconcile()
      await actions.plans.forget()
      return "The pass ended: \(outcome.kind.rawValue)."
    case .contain, .restore, .lift: return try await incident(act)
    }
  }

  private func decide(_ act: DashboardAct) async throws -> String {
    let word = ApprovalWord(
      id: ApprovalID(rawValue: act.subject ?? ""), isApproved: act.deed == .approve, by: actor,
      uses: 1, note: text(act, "note"))
    let isCut = try await actions.desk.list(.pending).contains { $0.id == word.id && $0.isCut }
    // Nobody approves here what is not seen whole.
    guard !word.isApproved || !isCut else {
      throw ApplianceError(
        .malformed, "the call is not shown whole here",
        hint: "kafclaw approvals list")
    }
    let approval = try await actions.desk.say(word)
    return "\(approval.tool) is \(approval.state.rawValue)."
  }

  private func pair(_ act: DashboardAct) async throws -> String {
    let request =
      act.deed == .refuse
      ? PairingRequest(deny: try number(act))
      : PairingRequest(approve: text(act, "code") ?? "", seconds: 7 * 86_400)
    let pairing = try await actions.pairings(request, as: actor).pairings.first
    let sender = pairing.map { VisibleText.escape($0.sender) } ?? "The sender"
    return act.deed == .refuse
      ? "\(sender) is refused." : "\(sender) is admitted for 7 days, without tools."
  }

  private func incident(_ act: DashboardAct) async throws -> String {
    guard let reason = text(act, "reason") else {
      throw ApplianceError(.malformed, "a reason is required")
    }
    let order: IncidentOrder
    switch act.deed {
    case .contain:
      guard let level = act.values["level"].flatMap(Containment.Level.init(rawValue:)) else {
        throw ApplianceError(.malformed, "a level is tools, channels or all")
      }
      order = IncidentOrder(.contain, reason: reason, level: level)
    case .restore:
      guard let stage = act.values["stage"].flatMap({ Int($0) }), (1...9).contains(stage) else {
        throw ApplianceError(.malformed, "a stage is from 1 to 9")
      }
      order = IncidentOrder(.restore, reason: reason, stage: stage)
    default: order = IncidentOrder(.lift, reason: reason)
    }
    let report = try await actions.incident(order, as: actor)
    return report.state.containment.map { "Contained: \($0.words)" } ?? "Nothing is contained."
  }

  private func number(_ act: DashboardAct) throws -> Int64 {
    guard let number = act.subject.flatMap({ Int64($0) }) else {
      throw ApplianceError(.malformed, "this is about nothing that has a number")
    }
    return number
  }

  private func text(_ act: DashboardAct, _ name: String) -> String? {
    let text = act.values[name]?.trimmingPrefix { $0.isWhitespace }
    guard let text, !text.isEmpty else { return nil }
    // A reason has at most 400 bytes.
    var short = String(text)
    while short.utf8.count > 400 { short.removeLast() }
    return short
  }
}
