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

  var record: SenderIndex.Record? {
    guard case .named(let record) = sender else { return nil }
    return record
  }
}

extension AccessPolicy {
  @inline(__always)
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

  /// - Returns: a ruling without a tier for somebody who is not admitted.
  @inline(__always)
  func admission(of subject: Subject) -> Ruling {
    guard let number = subject.channel else {
      return Ruling(.denied, .unknownChannel, .unknownChannel, tier: nil)
    }
    if case .client(let isOperator) = subject.sender {
      return isOperator
        ? Ruling(.permitted, .client, .operatorClient, tier: .owner)
        : Ruling(.permitted, .client, .client, tier: .internal)
    }
    guard let door = channels.door(number) else {
      return Ruling(.denied, .unknownChannel, .unknownChannel, tier: nil)
    }
    guard case .named(let sender) = subject.sender else {
      return closed(door, number, subject.conversation)
        ?? byPolicy(door, number, subject.conversation)
    }
    let everywhere = senders.standing(sender)
    let here = senders.standing(sender, channel: number)
    return denied(everywhere, here, number) ?? closed(door, number, subject.conversation)
      ?? listed(everywhere, here, number) ?? byPolicy(door, number, subject.conversation)
  }

  @inline(__always)
  private func denied(
    _ everywhere: SenderStanding, _ here: SenderStanding, _ channel: Int
  ) -> Ruling? {
    if everywhere.contains(.denied) {
      return .listed(.senderDenied, RuleFields.Fixed.denied.rawValue, tier: nil)
    }
    guard here.contains(.denied) else { return nil }
    return .listed(
      .senderDenied, narrowings.fields.number(.deny, ofChannel: channel), tier: nil)
  }

  /// What closes the conversation to everybody, owners included.
  @inline(__always)
  private func closed(
    _ door: ChannelIndex.Door, _ number: Int, _ conversation: AccessPrincipal.Conversation
  ) -> Ruling? {
    if door.policy(of: conversation) == .disabled {
      return Ruling(.denied, .channelDisabled, policyField(number, conversation), tier: nil)
    }
    guard door.requireMention, conversation == .room(isMention: false) else { return nil }
    return Ruling(
      .denied, .mentionRequired, narrowings.fields.number(.requireMention, ofChannel: number),
      tier: nil)
  }

  @inline(__always)
  private func listed(
    _ everywhere: SenderStanding, _ here: SenderStanding, _ channel: Int
  ) -> Ruling? {
    if everywhere.contains(.owner) {
      return .listed(.owner, RuleFields.Fixed.owners.rawValue, tier: .owner)
    }
    if everywhere.contains(.internal) {
      return .listed(.internal, RuleFields.Fixed.internalSenders.rawValue, tier: .internal)
    }
    guard here.contains(.listed) else { return nil }
    return .listed(
      .listed, narrowings.fields.number(.allow, ofChannel: channel), tier: .external)
  }

  @inline(__always)
  private func byPolicy(
    _ door: ChannelIndex.Door, _ number: Int, _ conversation: AccessPrincipal.Conversation
  ) -> Ruling {
    let field = policyField(number, conversation)
    return door.policy(of: conversation) == .open
      ? Ruling(.permitted, .open, field, tier: .unknown)
      : Ruling(.denied, .unknownSender, field, tier: nil)
  }

  @inline(__always)
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
