// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import ControlAPI
import Daemon
import DurableIO
import FoundationEssentials
import Planning
import Reconciliation

/// `kafclaw status`.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show the appliance's conditions and components.",
    discussion:
      "Exit codes: 0 healthy, 1 degraded, contained, with an unhealthy channel, or not running.")

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let client = try ControlClient.require(try options.paths)
    let status = try await client.get(ControlRoutes.status, as: ApplianceStatus.self)
    if options.format == .json { try Output.json(status) } else { render(status) }
    let abnormal: Set<Condition.Kind> = [.degraded, .stalled, .held, .stale]
    let isDegraded = status.conditions.contains { abnormal.contains($0.type) }
    let isUnreachable = status.channels.contains { $0.health == .unhealthy }
    if !status.ready || isDegraded || isUnreachable { throw CommandExit(code: 1) }
  }

  private static func words(_ tokens: ApplianceStatus.TokenStatus) -> String {
    let clients =
      tokens.clients.isEmpty ? "" : ", accepted: \(tokens.clients.joined(separator: ", "))"
    let stale =
      tokens.isVariableStale
      ? "; what gateway.auth.token names is stale: remove it" : ""
    let end = stale + (tokens.problem.map { "; \($0)" } ?? "")
    return switch tokens.source {
    case .tomb: "made here\(clients)\(end)"
    case .declared: "named by gateway.auth.token\(clients)\(end)"
    case .none: "none for gateway.auth.token\(clients)\(end)"
    }
  }

  private func render(_ status: ApplianceStatus) {
    let owner = status.appliance.incidentOwner.map { ", incident owner \($0)" } ?? ""
    Output.line("\(status.appliance.name): \(status.ready ? "ready" : "not ready")\(owner)")
    for condition in status.conditions {
      let message = condition.message.isEmpty ? "" : ": \(VisibleText.escape(condition.message))"
      Output.line(
        "  \(condition.type.rawValue)=\(condition.status) (\(condition.reason.rawValue))\(message)")
    }
    for component in status.components {
      let pid = component.pid.map { "pid \($0)" } ?? "no process"
      let digest = component.configDigest.map { ", configuration \($0.short)" } ?? ""
      let restarts = component.restarts > 0 ? ", \(component.restarts) restarts" : ""
      Output.line(
        "  \(component.name): \(component.health.rawValue), \(pid)\(digest)\(restarts)")
    }
    for item in status.providers { Output.line("  provider \(item.name): \(item.health.rawValue)") }
    for item in status.channels {
      let words = item.message.map { ": \(VisibleText.escape($0))" } ?? ""
      Output.line("  channel \(item.name): \(item.health.rawValue)\(words)")
    }
    if let tokens = status.tokens { Output.line("  tokens: \(Self.words(tokens))") }
    let commit = status.revisions.applied.map { String($0.prefix(12)) } ?? "none"
    Output.line("  applied: \(commit), serial \(status.serial)")
    Output.line(
      "  drift: \(status.drift.corrected) corrected, \(status.drift.reported.count) reported")
    for line in Self.upkeep(status) { Output.line("  " + line) }
  }

  /// What somebody must look after.
  private static func upkeep(_ status: ApplianceStatus) -> [String] {
    var lines: [String] = []
    if let backup = status.backup {
      let made = backup.made.map { "made \($0.formatted(.iso8601))" } ?? "none made"
      let drilled = backup.drilled.map { "drilled \($0.formatted(.iso8601))" } ?? "no drill"
      lines.append("backup: \(made), \(drilled)")
      lines += backup.problems.map { "backup: \(VisibleText.escape($0))" }
    }
    if let audit = status.audit, !audit.isWritable {
      lines.append("audit log: \(VisibleText.escape(audit.problem ?? "not writable"))")
    }
    if status.audit != nil, status.alerts == nil || status.deadLetters == nil {
      lines.append("alerts and dead letters: the timeline does not tell")
    }
    lines += (status.alerts ?? []).map { "alert " + AlertsCommand.line($0) }
    lines += (status.deadLetters ?? []).map {
      "dead letters of \(VisibleText.escape($0.channel)): \($0.count)"
    }
    return lines
  }
}

/// `kafclaw history`.
struct HistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Show what was applied and corrected, newest first.")

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let response = HistoryResponse(
      entries: try HistoryReader.newest(50, paths: try options.paths))
    guard options.format != .json else { return try Output.json(response) }
    for entry in response.entries {
      let commit = entry.commit.map { " \($0.prefix(12))" } ?? ""
      let time = HistoryReader.text(of: entry.at)
      Output.line("\(time) \(entry.outcome.rawValue)\(commit) (\(entry.trigger.rawValue))")
      Output.line("  \(entry.summary)")
      if let reason = entry.justification { Output.line("  unverified, because: \(reason)") }
      for item in entry.items {
        Output.line("  \(item.action.rawValue) \(item.address.text) (\(item.reason.rawValue))")
      }
    }
  }
}

/// `kafclaw reconcile`.
struct ReconcileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconcile", abstract: "Make the running appliance do a pass now.",
    discussion: "Exit codes as `kafclaw apply`.")

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let client = try ControlClient.require(try options.paths)
    let outcome = try await client.reconcile()
    try PassReport(outcome, isDryRun: false, detailed: false).render(options.format)
  }
}
