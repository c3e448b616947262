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
    let text =
      "[\(appliance)] \(alert.signal.rawValue)"
      + (alert.subject.isEmpty ? "" : " \(alert.subject)")
      + ": \(alert.message) (alert \(alert.id) since \(alert.openedAt.formatted(.iso8601)); "
      + "kafclaw alerts ack \(alert.id))"
    if let channel = step.channel {
      guard !containment.holdsDeliveries(to: channel.name) else {
        throw ApplianceError(.contained, "channel \(channel.name) is contained")
      }
      try await store.send(
        text, to: ReplyRoute(conversation: channel.conversation, thread: channel.thread),
        on: channel.name, key: "alert-\(alert.id).\(alert.step)", at: alert.lastAt)
      ready()
    }
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
      text, index: 0, key: "alert-\(alert.id).\(alert.step)",
      to: ReplyRoute(conversation: alert.signal.rawValue, message: String(alert.id)))
  }
}
