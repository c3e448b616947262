// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Everything that decides who may write to the agent and which tools a turn may use, in one value:
/// the same rules are evaluated by `validate`, in the plan and at the tool call.
public struct AccessRules: Sendable, Codable, Equatable {
  /// One channel's access.
  public struct Channel: Sendable, Codable, Equatable {
    public var dmPolicy: AdmissionPolicy
    public var groupPolicy: AdmissionPolicy
    /// In rooms, only messages that name the bot are taken.
    public var requireMention: Bool
    public var sessionScope: SessionScope
    /// Platform ids, compared byte by byte.
    public var allow: [String]
    /// Beats every list, owners included.
    public var deny: [String]
    public var tools: ToolNarrowing

    public init(
      dmPolicy: AdmissionPolicy = .allowlist, groupPolicy: AdmissionPolicy = .allowlist,
      requireMention: Bool = true, sessionScope: SessionScope = .user, allow: [String] = [],
      deny: [String] = [], tools: ToolNarrowing = ToolNarrowing()
    ) {
      (self.dmPolicy, self.groupPolicy) = (dmPolicy, groupPolicy)
      (self.requireMention, self.sessionScope) = (requireMention, sessionScope)
      (self.allow, self.deny, self.tools) = (allow, deny, tools)
    }
  }

  /// A named rule: narrows the tools of those it matches. Empty lists match everybody.
  public struct Rule: Sendable, Codable, Equatable {
    public var channels: [String]
    public var senders: [String]
    public var tiers: [SenderTier]
    public var tools: ToolNarrowing

    public init(
      channels: [String] = [], senders: [String] = [], tiers: [SenderTier] = [],
      tools: ToolNarrowing = ToolNarrowing()
    ) {
      (self.channels, self.senders, self.tiers) = (channels, senders, tiers)
      self.tools = tools
    }
  }

  public var owners: [String]
  public var `internal`: [String]
  /// Denied on every channel.
  public var denied: [String]
  /// By name.
  public var channels: [String: Channel]
  public var tools: ToolPolicy

  public init(
    owners: [String] = [], internal: [String] = [], denied: [String] = [],
    channels: [String: Channel] = [:], tools: ToolPolicy = ToolPolicy()
  ) {
    (self.owners, self.internal, self.denied) = (owners, `internal`, denied)
    (self.channels, self.tools) = (channels, tools)
  }
}

/// What takes tools away; nothing here can give one.
public struct ToolNarrowing: Sendable, Codable, Equatable {
  /// Tools or groups (`group:NAME`) that may not be used.
  public var deny: [String]
  /// Tools or groups that may be used at all; `nil` leaves all.
  public var allow: [String]?
  public var profile: ToolProfile?
  /// The highest tier; `nil` leaves it.
  public var ceiling: ToolTier?

  public init(
    deny: [String] = [], allow: [String]? = nil, profile: ToolProfile? = nil,
    ceiling: ToolTier? = nil
  ) {
    (self.deny, self.allow, self.profile, self.ceiling) = (deny, allow, profile, ceiling)
  }
}

/// The tool policy of the whole appliance.
public struct ToolPolicy: Sendable, Codable, Equatable {
  public var narrowing: ToolNarrowing
  /// Operator's groups beside the built-in ones: name to tools.
  public var groups: [String: [String]]
  /// The highest tool tier of each sender tier. One that is missing may use no tool.
  public var tiers: [SenderTier: ToolTier]
  /// By name.
  public var rules: [String: AccessRules.Rule]
  /// The highest tool tier once text of an origin is in the turn; beyond it an approval is needed.
  public var taint: [TaintSource: ToolTier]
  /// Tools or groups whose calls need an approval.
  public var approvals: [String]
  /// Sender tiers whose calls need none.
  public var approvalExempt: [SenderTier]

  public init(
    narrowing: ToolNarrowing = ToolNarrowing(), groups: [String: [String]] = [:],
    tiers: [SenderTier: ToolTier] = [:], rules: [String: AccessRules.Rule] = [:],
    taint: [TaintSource: ToolTier] = [:], approvals: [String] = [],
    approvalExempt: [SenderTier] = []
  ) {
    (self.narrowing, self.groups, self.tiers) = (narrowing, groups, tiers)
    (self.rules, self.taint) = (rules, taint)
    (self.approvals, self.approvalExempt) = (approvals, approvalExempt)
  }
}

/// Named sets of tools to choose from.
public enum ToolProfile: String, Sendable, Codable, Hashable, CaseIterable {
  /// No tool.
  case none
  /// Tools of the tier `read`.
  case reading
  /// Tools that read and write files.
  case files
  /// Every tool.
  case full
}

/// Where text in a turn came from that its sender did not write.
public enum TaintSource: String, Sendable, Codable, Hashable, CaseIterable,
  CodingKeyRepresentable
{
  /// Files of the workspace and the work repo, and the output of commands.
  case files
  case web
  /// Other bots.
  case bots
  /// Senders of a lower tier, in a conversation that several share.
  case senders
}

/// Who is admitted.
public enum AdmissionPolicy: String, Sendable, Codable, Hashable, CaseIterable {
  /// Owners, internal senders and the channel's `allow` list.
  case allowlist
  /// Everybody.
  case open
  /// Nobody.
  case disabled
}

/// What separates one conversation from another.
public enum SessionScope: String, Sendable, Codable, Hashable, CaseIterable {
  case channel
  case account
  case room
  case thread
  case user
}
