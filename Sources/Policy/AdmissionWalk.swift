// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Admission read from the rules as they are written, one field after the other: slow, and equal
/// to what the index says.
struct AdmissionWalk {
  let rules: AccessRules
  let principal: AccessPrincipal

  func decision(_ steps: inout ExplanationSteps) -> AccessDecision {
    let channel = rules.channels[bytes: principal.channel]
    let isWeb = principal.channel.isSameBytes(as: ChannelIndex.web)
    guard channel != nil || (isWeb && principal.sender == nil) else {
      return steps.decide(
        AccessDecision(.denied, .unknownChannel, rule: "builtin.unknown-channel"),
        "no channel of this name is declared")
    }
    guard let sender = principal.sender else { return client(&steps) }
    guard let channel else { return client(&steps) }
    return denied(sender, channel, &steps) ?? closed(channel, &steps)
      ?? listed(sender, channel, &steps) ?? byPolicy(channel, &steps)
  }

  private func client(_ steps: inout ExplanationSteps) -> AccessDecision {
    if principal.client.isSameBytes(as: AccessPrincipal.operatorClient) {
      return steps.decide(
        AccessDecision(.permitted, .client, rule: "builtin.operator", tier: .owner),
        "the operator speaks for itself: tier owner")
    }
    return steps.decide(
      AccessDecision(.permitted, .client, rule: "builtin.client", tier: .internal),
      "an authenticated client speaks for itself: tier internal")
  }

  private func denied(
    _ sender: String, _ channel: AccessRules.Channel, _ steps: inout ExplanationSteps
  ) -> AccessDecision? {
    for (field, list) in [("senders.deny", rules.denied), (path("deny"), channel.deny)] {
      if list.holds(sender) {
        return steps.decide(
          AccessDecision(.denied, .senderDenied, rule: field, entry: sender), "names the sender")
      }
      steps.add(field, "does not name the sender")
    }
    return nil
  }

  private func closed(
    _ channel: AccessRules.Channel, _ steps: inout ExplanationSteps
  ) -> AccessDecision? {
    let policy = channel.policy(of: principal.conversation)
    guard policy != .disabled else {
      return steps.decide(
        AccessDecision(.denied, .channelDisabled, rule: policyField), "is disabled: admits nobody")
    }
    steps.add(policyField, "is \(policy.rawValue)")
    guard case .room(let isMention) = principal.conversation, channel.requireMention else {
      return nil
    }
    guard isMention else {
      return steps.decide(
        AccessDecision(.denied, .mentionRequired, rule: path("requireMention")),
        "takes only messages that name the bot, and this one does not")
    }
    steps.add(path("requireMention"), "the message names the bot")
    return nil
  }

  private func listed(
    _ sender: String, _ channel: AccessRules.Channel, _ steps: inout ExplanationSteps
  ) -> AccessDecision? {
    let lists: [(String, [String], AccessDecision.Reason, SenderTier)] = [
      ("senders.owners", rules.owners, .owner, .owner),
      ("senders.internal", rules.internal, .internal, .internal),
      (path("allow"), channel.allow, .listed, .external),
    ]
    for (field, list, reason, tier) in lists {
      if list.holds(sender) {
        return steps.decide(
          AccessDecision(.permitted, reason, rule: field, entry: sender, tier: tier),
          "names the sender: tier \(tier.rawValue)")
      }
      steps.add(field, "does not name the sender")
    }
    return nil
  }

  private func byPolicy(
    _ channel: AccessRules.Channel, _ steps: inout ExplanationSteps
  ) -> AccessDecision {
    guard channel.policy(of: principal.conversation) == .open else {
      return steps.decide(
        AccessDecision(.denied, .unknownSender, rule: policyField),
        "is allowlist, and no list names the sender")
    }
    return steps.decide(
      AccessDecision(.permitted, .open, rule: policyField, tier: .unknown),
      "is open: tier unknown")
  }

  private var policyField: String {
    path(principal.conversation == .direct ? "dmPolicy" : "groupPolicy")
  }

  private func path(_ field: String) -> String { "channels.\(principal.channel).\(field)" }
}
