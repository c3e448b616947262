// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import ControlAPI
import FoundationEssentials
import Glibc
import Supervision
import Timeline

/// What operators can ask about chat channels.
extension ControlActions {
  /// How the accounts are, asked of their platforms now.
  func probe(_ request: ChannelRequest) async throws -> ChannelsResponse {
    let order = SupervisorOrder.probe(channel: request.channel)
    guard case .report(let report) = try await gateway.ask(order, within: .seconds(60)) else {
      throw ApplianceError(.malformed, "the gateway answered something else")
    }
    let channels = report.channels.filter { request.channel == nil || $0.name == request.channel }
    if let name = request.channel, channels.isEmpty { throw Self.unknown(name) }
    return ChannelsResponse(channels: channels)
  }

  func hostileRequests(_ request: ChannelRequest) async throws -> HostileResponse {
    guard let name = request.channel,
      let report = await gateway.report(), report.channels.contains(where: { $0.name == name })
    else { throw Self.unknown(request.channel ?? "") }
    let order = SupervisorOrder.hostileRequests(channel: name)
    guard case .hostileRequests(let requests) = try await gateway.ask(order, within: .seconds(20))
    else { throw ApplianceError(.malformed, "the gateway answered something else") }
    return HostileResponse(url: try await access().url, requests: requests)
  }

  private static func unknown(_ name: String) -> ApplianceError {
    ApplianceError(
      .channelUnknown, "there is no channel \"\(VisibleText.escape(name))\" with an account",
      hint: "kafclaw channels list")
  }

  /// Lists deliveries, or carries out an operator's word on one of them.
  func deliveries(
    _ request: DeliveriesRequest, by caller: UInt32?
  ) async throws -> DeliveriesResponse {
    guard let deed = request.deed, let id = request.id else {
      return DeliveriesResponse(
        deliveries: try await store.deliveries(request.state, limit: 1_000))
    }
    let now = Date()
    func tell(_ outcome: AuditEvent.Outcome) throws {
      try audit.record(
        [
          AuditEvent(
            .delivery, by: "operator:\(caller ?? geteuid())", on: "delivery/\(id.rawValue)",
            outcome, at: now, details: ["deed": deed.rawValue])
        ], at: now)
    }
    try tell(.intent)
    let record: DeliveryRecord
    do {
      record = try await store.decide(id, isResubmitted: deed == .resubmit, at: now)
    } catch {
      // `try?`: why it failed is worth more than that this could not be recorded.
      try? tell(.failed)
      throw error
    }
    due.ring()
    do { try tell(.done) } catch {
      throw ApplianceError.unrecorded("dead letter \(id.rawValue) was decided", error)
    }
    return DeliveriesResponse(deliveries: [record])
  }
}

extension ApplianceError.Code {
  /// No channel of this name has an account on a platform.
  static let channelUnknown = Self("channel.unknown")
}

extension AuditEvent.Kind {
  /// An operator's word on a dead letter.
  static let delivery = Self("channel.delivery")
}
