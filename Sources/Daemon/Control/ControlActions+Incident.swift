// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import AuditLog
import ControlAPI
import FoundationEssentials
import Glibc
import Supervision
import Timeline

/// Answer of `GET` and `POST /v1/incident`.
public struct IncidentReport: Sendable, Codable {
  public var formatVersion = 1
  public let state: IncidentState
  /// What waits; `nil` where the timeline cannot be read.
  public let held: Held?

  public struct Held: Sendable, Codable {
    /// Texts, by channel.
    public let deliveries: [String: Int]
    /// Messages that are stored and not answered.
    public let messages: Int
    public let approvals: Int
  }
}

/// What operators can order during an incident.
extension ControlActions {
  func incident() async throws -> IncidentReport {
    await report(incidents.containment.current)
  }

  func incident(_ order: IncidentOrder, as actor: String) async throws -> IncidentReport {
    // Whatever becomes of its record and of the answer; one that was not taken stops nothing.
    defer {
      if order.deed == .stop, incidents.containment.current.standstill != nil { stopAppliance() }
    }
    let state =
      order.deed == .restore
      ? try await StageOpening(actions: self).open(order, by: actor)
      : try incidents.carryOut(order, by: actor, at: Date(), await runtimeSettings())
    // What was frozen may be due again.
    due.ring()
    return await report(state)
  }

  /// Lists alerts, or takes an operator's word that somebody knows.
  func alerts(_ request: AlertsRequest, as actor: String) async throws -> AlertsResponse {
    guard let id = request.acknowledge else {
      return AlertsResponse(alerts: try await store.alerts(request.states))
    }
    let now = Date()
    // Somebody knows, also where the log cannot be written: that may be what the alert says.
    let alert = try await store.acknowledge(alert: id, by: actor)
    try audit.record(
      [
        AuditEvent(.alert, by: actor, on: "alert/\(id)", .intent, at: now, details: ["word": "ack"])
      ],
      at: now)
    return AlertsResponse(alerts: [alert])
  }

  private func report(_ state: IncidentState) async -> IncidentReport {
    // `try?`: what was ordered is to be known also where the timeline cannot be read.
    IncidentReport(state: state, held: try? await held())
  }

  private func held() async throws -> IncidentReport.Held {
    var held: [String: Int] = [:]
    for row in try await store.deliveryCounts()
    where row.state == "queued" || row.state == "sending" {
      held[row.channel, default: 0] += row.count
    }
    let counts = try await store.counts()
    let waiting = ["queued", "processing", "waiting"].reduce(0) { $0 + (counts[$1] ?? 0) }
    return IncidentReport.Held(
      deliveries: held, messages: waiting,
      approvals: try await store.approvals(state: .pending).count)
  }
}
