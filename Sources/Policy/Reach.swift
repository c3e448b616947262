// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// One answer to who can use a tool.
public struct Reach: Sendable, Codable, Equatable {
  public enum Who: String, Sendable, Codable {
    /// `kafclaw chat`.
    case `operator`
    /// A client that speaks for itself.
    case client
    /// The one whom `sender` names.
    case sender
    /// Whoever the channel's other answers do not name.
    case anybodyElse = "anybody-else"
  }

  public enum Conversation: String, Sendable, Codable {
    case direct
    /// With a message that names the bot.
    case room
    /// Both alike.
    case any
  }

  public let channel: String
  public let who: Who
  public let sender: String?
  public let conversation: Conversation
  public let verdict: AccessDecision.Verdict
  public let reason: AccessDecision.Reason
  public let rule: String
  public let entry: String?
  public let tier: SenderTier?

  init(
    channel: String, who: Who, sender: String? = nil, conversation: Conversation,
    decision: AccessDecision
  ) {
    (self.channel, self.who, self.sender) = (channel, who, sender)
    self.conversation = conversation
    (verdict, reason) = (decision.verdict, decision.reason)
    (rule, entry, tier) = (decision.rule, decision.entry, decision.tier)
  }
}

/// One tool and what is decided about it.
public struct ToolDecision: Sendable, Codable, Equatable {
  public let tool: String
  public let decision: AccessDecision
}

extension AccessPolicy {
  /// The decision about every tool, in the order of their bytes.
  public func whatCan(
    _ principal: AccessPrincipal, taint: Set<TaintSource> = []
  ) -> [ToolDecision] {
    ToolCatalogue.names.map { tool in
      ToolDecision(tool: tool, decision: authorise(principal, tool: tool, taint: taint))
    }
  }

  /// Who can use a tool, channel by channel: its clients, everybody whom a list or a rule names, and
  /// everybody else. A sender for whom the same is decided by the same field as for everybody else
  /// is not named. Clients are also named for an undeclared `web`.
  ///
  /// Linear in the number of ids times channels.
  public func whoCan(_ tool: String, taint: Set<TaintSource> = []) -> [Reach] {
    let order = senders.names.sorted { ByteKey($0) < ByteKey($1) }
    return channels.names.indices.flatMap { channel in
      let question = ReachQuestion(policy: self, channel: channel, tool: tool, taint: taint)
      guard channels.door(channel) != nil else { return question.clients }
      return question.clients + question.senders(among: order)
    }
  }
}

/// The part of the question that is about one channel.
private struct ReachQuestion {
  let policy: AccessPolicy
  let channel: Int
  let number: Int?
  let taint: Set<TaintSource>

  init(policy: AccessPolicy, channel: Int, tool: String, taint: Set<TaintSource>) {
    (self.policy, self.channel, self.taint) = (policy, channel, taint)
    number = policy.limits.number(of: tool)
  }

  var clients: [Reach] {
    reaches(.operator, nil, decisions(.client(isOperator: true)))
      + reaches(.client, nil, decisions(.client(isOperator: false)))
  }

  /// - Parameter order: every sender that the rules name.
  func senders(among order: [String]) -> [Reach] {
    let others = decisions(.unnamed)
    let named = order.flatMap { sender -> [Reach] in
      guard let record = policy.senders.record(sender), isConcerned(record) else { return [] }
      let decisions = decisions(.named(record), name: sender)
      return decisions == others ? [] : reaches(.sender, sender, decisions)
    }
    return named + reaches(.anybodyElse, nil, others)
  }

  private func isConcerned(_ record: SenderIndex.Record) -> Bool {
    !policy.senders.standing(record).isEmpty || record.group != nil
      || !policy.senders.standing(record, channel: channel).isEmpty
  }

  /// In a direct conversation, and in a room.
  private func decisions(_ sender: Subject.Sender, name: String? = nil) -> [AccessDecision] {
    [AccessPrincipal.Conversation.direct, .room(isMention: true)].map { conversation in
      let subject = Subject(channel: channel, sender: sender, conversation: conversation)
      return policy.decision(
        policy.ruling(subject, tool: number, taint: taint), sender: name)
    }
  }

  private func reaches(
    _ who: Reach.Who, _ sender: String?, _ decisions: [AccessDecision]
  ) -> [Reach] {
    let isAlike = decisions.first == decisions.last
    let conversations: [Reach.Conversation] = isAlike ? [.any] : [.direct, .room]
    return zip(conversations, decisions).map { conversation, decision in
      Reach(
        channel: policy.channels.names[channel], who: who, sender: sender,
        conversation: conversation, decision: decision)
    }
  }
}
