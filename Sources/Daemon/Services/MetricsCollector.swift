// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import FoundationEssentials
import Timeline

/// Collects the figures of `/metrics`.
struct MetricsCollector: Sendable {
  let store: TimelineStore
  let status: @Sendable () async throws -> ApplianceStatus

  func snapshot(at now: Date) async throws -> MetricsSnapshot {
    let status = try await status()
    let totals = try await store.authenticationTotals()
    let contained = status.conditions.contains { $0.type == .contained && $0.status }
    return MetricsSnapshot(
      try await use(at: now) + [
        .init(
          "kafclaw_contained", .gauge, "Whether an operator contained the appliance, 0 or 1.",
          [.init(contained ? 1 : 0)]),
        .init(
          "kafclaw_messages", .gauge, "Messages in the timeline, by state.",
          Self.series(try await store.counts(), "state")),
        .init(
          "kafclaw_denied_messages_total", .counter, "Messages that were not admitted, by reason.",
          Self.series(try await store.denialTotals(), "reason")),
        .init(
          "kafclaw_authentication_failures_total", .counter, "Credentials that were nobody's.",
          [.init(totals["failed"] ?? 0)]),
        .init(
          "kafclaw_authentication_lockouts_total", .counter, "Networks that were locked out.",
          [.init(totals["lockout"] ?? 0)]),
        .init(
          "kafclaw_locked_networks", .gauge, "Networks that are locked out now.",
          [.init(try await store.lockedNetworks(at: now).count)]),
        .init(
          "kafclaw_channel_healthy", .gauge, "Whether a chat channel is healthy, 0 or 1.",
          status.channels.map { .init($0.health == .healthy ? 1 : 0, ["channel": $0.name]) }),
        .init(
          "kafclaw_channel_events_total", .counter,
          "What happened on chat channels: refused requests by reason, texts sent, tried again, dead.",
          try await store.channelTotals().map {
            .init($0.count, ["channel": $0.channel, "event": $0.event])
          }),
        .init(
          "kafclaw_deliveries", .gauge, "Texts for chat channels, by state.",
          try await store.deliveryCounts().map {
            .init($0.count, ["channel": $0.channel, "state": $0.state])
          }),
        .init(
          "kafclaw_component_healthy", .gauge, "Whether a component is healthy, 0 or 1.",
          status.components.map { .init($0.health == .healthy ? 1 : 0, ["component": $0.name]) }),
        .init(
          "kafclaw_component_restarts_total", .counter, "Restarts since the appliance started.",
          status.components.map { .init($0.restarts, ["component": $0.name]) }),
        .init(
          "kafclaw_drift_corrected_total", .counter,
          "Corrections of drift since the appliance started.", [.init(status.drift.corrected)]),
        .init(
          "kafclaw_ready", .gauge, "Whether the appliance is ready, 0 or 1.",
          [.init(status.ready ? 1 : 0)]),
      ])
  }

  /// Decisions, alerts, approvals and tokens.
  private func use(at now: Date) async throws -> [MetricsSnapshot.Family] {
    let alerts = Dictionary(
      grouping: try await store.alerts([.open, .acknowledged]), by: \.signal.rawValue)
    return [
      .init(
        "kafclaw_decisions_total", .counter, "Decisions about messages and tool calls.",
        try await store.decisionCounts().map {
          .init(
            $0.count, ["channel": $0.channel, "verdict": $0.verdict.rawValue, "reason": $0.reason])
        }),
      .init(
        "kafclaw_alerts", .gauge, "Alerts that are open or acknowledged, by signal.",
        Signal.allCases.map { .init(alerts[$0.rawValue]?.count ?? 0, ["signal": $0.rawValue]) }),
      .init(
        "kafclaw_approvals_pending", .gauge, "Tool calls that wait for an operator.",
        [.init(try await store.approvals(state: .pending).count)]),
      .init(
        "kafclaw_tokens_today", .gauge, "Tokens used since midnight UTC.",
        [.init(try await store.watchFigures(at: now).tokensToday)]),
    ]
  }

  private static func series(_ counts: [String: Int], _ label: String) -> [MetricsSnapshot.Series] {
    counts.sorted { $0.key < $1.key }.map { .init($0.value, [label: $0.key]) }
  }
}
