// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Who asks, from where: what every access decision is about.
public struct AccessPrincipal: Sendable, Codable, Hashable {
  /// Where a message was written.
  public enum Conversation: Sendable, Codable, Hashable {
    case direct
    case room(isMention: Bool)
  }

  public let channel: String
  /// The authenticated client that delivered the message, as in `token:gateway`.
  public let client: String
  /// The sender's platform id; `nil` when the client speaks for itself.
  public let sender: String?
  public let conversation: Conversation

  public init(
    channel: String, client: String, sender: String?, conversation: Conversation = .direct
  ) {
    (self.channel, self.client, self.sender) = (channel, client, sender)
    self.conversation = conversation
  }

  /// The client of `kafclaw chat`, authenticated by the control socket's file mode.
  public static let operatorClient = "operator"
}

/// How a question of access was decided, and by what.
public struct AccessDecision: Sendable, Codable, Equatable {
  public enum Verdict: String, Sendable, Codable {
    case permitted
    /// An operator has to approve this very call.
    case needsApproval = "needs-approval"
    case denied
  }

  /// Why, in a word that never changes its meaning.
  public enum Reason: String, Sendable, Codable, CaseIterable {
    // Admission
    case client = "client"
    case owner = "owner"
    case `internal` = "internal"
    case listed = "listed"
    case open = "open"
    case unknownChannel = "unknown-channel"
    case senderDenied = "sender-denied"
    case channelDisabled = "channel-disabled"
    case mentionRequired = "mention-required"
    case unknownSender = "unknown-sender"
    // Tools
    case withinTier = "within-tier"
    case unknownTool = "unknown-tool"
    case toolDenied = "tool-denied"
    case notInProfile = "not-in-profile"
    case notAllowed = "not-allowed"
    case aboveTier = "above-tier"
    case aboveCeiling = "above-ceiling"
    case tainted = "tainted"
    case approvalRequired = "approval-required"
    /// A skill that the turn has read leaves the tool out.
    case skill = "skill"
    /// An operator admitted the sender for a while.
    case paired = "paired"
    /// An operator contained the appliance: no rule of the desired state says so.
    case contained = "contained"
  }

  public let verdict: Verdict
  public let reason: Reason
  /// The field of the desired state that decided, as in `channels.web.allow`; `builtin.…` for what
  /// no field says.
  public let rule: String
  /// The entry of that field, where it is a list: a sender, a tool, a group.
  public let entry: String?
  /// `nil` when the sender was not admitted.
  public let tier: SenderTier?

  public init(
    _ verdict: Verdict, _ reason: Reason, rule: String, entry: String? = nil,
    tier: SenderTier? = nil
  ) {
    (self.verdict, self.reason, self.rule) = (verdict, reason, rule)
    (self.entry, self.tier) = (entry, tier)
  }
}
