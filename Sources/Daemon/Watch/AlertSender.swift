// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Channels
import DesiredState
import FoundationEssentials
import Timeline

/// Tells one step of the escalation path of an alert.
struct AlertSender: Sendable {
  let store: TimelineStore
  let containment: ContainmentGuard
  let secrets: SecretResolver
  let client: PlatformClient
  /// Rung when a text is ready for a channel.
  let ready: @Sendable () -> Void

  /// - Throws: Why it could not be told; it is tried again then.
  func tell(_ alert: Alert, _ step: EscalationSpec, _ appliance: String) async throws {
    if let channel = step.channel {
      guard !containment.holdsDeliveries(to: channel.name) else {
        throw ApplianceError(.contained, "channel \(channel.name) is contained")
      }
      try await store.send(
        Self.text(alert, appliance),
        to: ReplyRoute(conversation: channel.conversation, thread: channel.thread),
        on: channel.name, key: Self.key(alert), at: alert.lastAt)
      ready()
    }
    try await tellWebhook(alert, step, appliance)
  }

  /// The part of it that needs no store.
  func tellWebhook(_ alert: Alert, _ step: EscalationSpec, _ appliance: String) async throws {
    guard let webhook = step.webhook else { return }
    let route = ChannelRoute(name: "alerts", type: .webhook, replyURL: webhook.url)
    guard let reference = webhook.secret else {
      throw ApplianceError(
        .channelUnusable, "appliance.escalation: a webhook has no secret to sign with",
        hint: "set appliance.escalation[].webhook.secret")
    }
    let signing = try secrets.resolve(reference, for: .supervisor)
    let receiver = try ChannelCatalog.channel(
      route, ChannelSecrets(signing: signing), client: client)
    _ = try await receiver.send(
      Self.text(alert, appliance), index: 0, key: Self.key(alert),
      to: ReplyRoute(conversation: alert.signal.rawValue, message: String(alert.id)))
  }

  /// The same for each attempt at a step. What is not stored has no number.
  private static func key(_ alert: Alert) -> String {
    let name =
      alert.id > 0
      ? String(alert.id)
      : "\(alert.signal.rawValue)-\(Int64(alert.openedAt.timeIntervalSince1970))"
    return "alert-\(name).\(alert.step)"
  }

  private static func text(_ alert: Alert, _ appliance: String) -> String {
    let subject = alert.subject.isEmpty ? "" : " \(alert.subject)"
    let end = alert.id > 0 ? "kafclaw alerts ack \(alert.id)" : "it could not be stored"
    let name = alert.id > 0 ? "alert \(alert.id)" : "an alert"
    return "[\(appliance)] \(alert.signal.rawValue)\(subject): \(alert.message) "
      + "(\(name) since \(alert.openedAt.formatted(.iso8601)); \(end))"
  }
}
