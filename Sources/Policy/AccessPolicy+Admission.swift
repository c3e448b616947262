// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// A principal with the names resolved to numbers.
struct Subject {
  enum Sender {
    /// The client speaks for itself.
    case client(isOperator: Bool)
    /// In some list.
    case named(SenderIndex.Record)
    /// In no list.
    case unnamed
  }

  /// `nil` for a channel that is neither declared nor `web`.
  let channel: Int?
  let sender: Sender
  let conversation: AccessPrincipal.Conversation
}

/// Admission before its texts are fetched.
struct Admitted {
  let reason: AccessDecision.Reason
  let field: Int
  /// `nil` when the sender was not admitted.
  let tier: SenderTier?
  /// Whether the field is a list that holds the sender.
  var isEntry = false

  init(_ reason: AccessDecision.Reason, _ field: Int, tier: SenderTier?, isEntry: Bool = false) {
    (self.reason, self.field, self.tier, self.isEntry) = (reason, field, tier, isEntry)
  }

  init(_ reason: AccessDecision.Reason, _ field: RuleFields.Fixed, tier: SenderTier?) {
    self.init(reason, field.rawValue, tier: tier)
  }
}

extension AccessPolicy {
  func subject(of principal: AccessPrincipal) -> Subject {
    let sender: Subject.Sender =
      if let sender = principal.sender {
        senders.record(sender).map { .named($0) } ?? .unnamed
      } else {
        .client(isOperator: principal.client.isSameBytes(as: AccessPrincipal.operatorClient))
      }
    return Subject(
      channel: channels.number(principal.channel), sender: sender,
      conversation: principal.conversation)
  }

  func admission(of subject: Subject) -> Admitted {
    guard let number = subject.channel else {
      return Admitted(.unknownChannel, .unknownChannel, tier: nil)
    }
    if case .client(let isOperator) = subject.sender {
      return isOperator
        ? Admitted(.client, .operatorClient, tier: .owner)
        : Admitted(.client, .client, tier: .internal)
    }
    guard let channel = channels.channel(number) else {
      return Admitted(.unknownChannel, .unknownChannel, tier: nil)
    }
    guard case .named(let sender) = subject.sender else {
      return closed(channel, number, subject.conversation)
        ?? byPolicy(channel, number, subject.conversation)
    }
    let everywhere = sender.standing
    let here = senders.standing(sender, channel: number)
    return denied(everywhere, here, number) ?? closed(channel, number, subject.conversation)
      ?? listed(everywhere, here, number) ?? byPolicy(channel, number, subject.conversation)
  }

  func decision(_ admitted: Admitted, sender: String?) -> AccessDecision {
    AccessDecision(
      admitted.tier == nil ? .denied : .permitted, admitted.reason,
      rule: narrowings.fields[admitted.field], entry: admitted.isEntry ? sender : nil,
      tier: admitted.tier)
  }

  private func denied(
    _ everywhere: SenderIndex.Standing, _ here: SenderIndex.Standing, _ channel: Int
  ) -> Admitted? {
    if everywhere.contains(.denied) {
      return Admitted(
        .senderDenied, RuleFields.Fixed.denied.rawValue, tier: nil, isEntry: true)
    }
    guard here.contains(.denied) else { return nil }
    return Admitted(
      .senderDenied, narrowings.fields.number(.deny, ofChannel: channel), tier: nil, isEntry: true)
  }

  /// What closes the conversation to everybody, owners included.
  private func closed(
    _ channel: AccessRules.Channel, _ number: Int, _ conversation: AccessPrincipal.Conversation
  ) -> Admitted? {
    if channel.policy(of: conversation) == .disabled {
      return Admitted(.channelDisabled, policyField(number, conversation), tier: nil)
    }
    guard channel.requireMention, conversation == .room(isMention: false) else { return nil }
    return Admitted(
      .mentionRequired, narrowings.fields.number(.requireMention, ofChannel: number), tier: nil)
  }

  private func listed(
    _ everywhere: SenderIndex.Standing, _ here: SenderIndex.Standing, _ channel: Int
  ) -> Admitted? {
    if everywhere.contains(.owner) {
      return Admitted(.owner, RuleFields.Fixed.owners.rawValue, tier: .owner, isEntry: true)
    }
    if everywhere.contains(.internal) {
      return Admitted(
        .internal, RuleFields.Fixed.internalSenders.rawValue, tier: .internal, isEntry: true)
    }
    guard here.contains(.listed) else { return nil }
    return Admitted(
      .listed, narrowings.fields.number(.allow, ofChannel: channel), tier: .external, isEntry: true)
  }

  private func byPolicy(
    _ channel: AccessRules.Channel, _ number: Int, _ conversation: AccessPrincipal.Conversation
  ) -> Admitted {
    let isOpen = channel.policy(of: conversation) == .open
    return Admitted(
      isOpen ? .open : .unknownSender, policyField(number, conversation),
      tier: isOpen ? .unknown : nil)
  }

  private func policyField(_ channel: Int, _ conversation: AccessPrincipal.Conversation) -> Int {
    narrowings.fields.number(
      conversation == .direct ? .dmPolicy : .groupPolicy, ofChannel: channel)
  }
}

extension AccessRules.Channel {
  func policy(of conversation: AccessPrincipal.Conversation) -> AdmissionPolicy {
    conversation == .direct ? dmPolicy : groupPolicy
  }
}
