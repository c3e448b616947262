// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// What the agent's tools may do, and for whom.
public struct ToolsSpec: Sendable, Equatable {
  public var profile = ToolProfile.full
  public var deny: [String] = []
  public var allow: [String]?
  public var ceiling: ToolTier?
  public var groups: [String: [String]] = [:]
  public var tiers = ToolTiersSpec()
  public var rules: [String: ToolRuleSpec] = [:]
  public var taint = TaintSpec()
  public var approvals = ApprovalsSpec()
  public var stages = ToolStagesSpec()
  public var exec = ExecSpec()
  public var web = WebSpec()

  public init() {}
}

extension ToolsSpec: SpecSection, SpecNesting {
  package static var summary: String { "What the agent's tools may do, and for whom." }

  package static let fields: [SpecField<Self>] = [
    SpecField("profile", \.profile, "Named set of tools to choose from."),
    SpecField("deny", \.deny, "Tools or groups nobody may use; deny beats allow."),
    SpecField("allow", \.allow, "Tools or groups that may be used at all. Defaults to all."),
    SpecField("ceiling", \.ceiling, "The highest tool tier anybody gets. Defaults to no limit."),
    SpecField(
      "groups", \.groups,
      "Groups of tools by name, written `group:NAME` elsewhere. Built in: `read`, `write`, "
        + "`files`, `web`, `high-risk`, `all`."),
    SpecField("tiers", \.tiers, ToolTiersSpec.summary),
    SpecField("rules", \.rules, "Rules by name that take tools from those they match."),
    SpecField("taint", \.taint, TaintSpec.summary),
    SpecField("approvals", \.approvals, ApprovalsSpec.summary),
    SpecField("stages", \.stages, ToolStagesSpec.summary),
    SpecField("exec", \.exec, ExecSpec.summary),
    SpecField("web", \.web, WebSpec.summary),
  ]
}

extension ToolProfile: SpecEnum {}
extension SenderTier: SpecEnum {}
extension ToolTier: SpecEnum {}

/// The highest tool tier of each sender tier.
public struct ToolTiersSpec: Sendable, Equatable {
  public var unknown: ToolTier = .none
  public var external: ToolTier = .read
  public var `internal`: ToolTier = .write
  public var owner: ToolTier = .highRisk

  public init() {}
}

extension ToolTiersSpec: SpecSection, SpecNesting {
  package static var summary: String { "The highest tool tier of each sender tier." }

  package static let fields: [SpecField<Self>] = [
    SpecField("unknown", \.unknown, "For senders that only an open channel admits."),
    SpecField("external", \.external, "For senders on a channel's allow list."),
    SpecField(
      "internal", \.internal, "For `senders.internal`, and API clients that name no sender."),
    SpecField("owner", \.owner, "For `senders.owners`, and `kafclaw chat` on the host."),
  ]
}

/// The stages in which tools come back after an incident.
public struct ToolStagesSpec: Sendable, Equatable {
  public var read = Stage(1)
  public var write = Stage(2)
  public var highRisk = Stage(3)

  public init() {}
}

extension ToolStagesSpec: SpecSection, SpecNesting {
  package static var summary: String { "The stages in which tools come back after an incident." }

  package static let fields: [SpecField<Self>] = [
    SpecField("read", \.read, "Of tools that read files."),
    SpecField("write", \.write, "Of tools that write files."),
    SpecField("highRisk", \.highRisk, "Of `exec` and `web_fetch`."),
  ]
}

/// A rule that takes tools from those it matches. A list that is left out matches everybody.
public struct ToolRuleSpec: Sendable, Equatable {
  public var channels: [String] = []
  public var senders: [SenderID] = []
  public var tiers: [SenderTier] = []
  public var profile: ToolProfile?
  public var deny: [String] = []
  public var allow: [String]?
  public var ceiling: ToolTier?

  public init() {}
}

extension ToolRuleSpec: SpecSection, SpecNesting {
  package static var summary: String { "A rule that takes tools from those it matches." }

  package static let fields: [SpecField<Self>] = [
    SpecField("channels", \.channels, "Channels it matches. Defaults to all."),
    SpecField("senders", \.senders, "Senders it matches. Defaults to all."),
    SpecField("tiers", \.tiers, "Sender tiers it matches. Defaults to all."),
    SpecField("profile", \.profile, "Named set of tools to choose from."),
    SpecField("deny", \.deny, "Tools or groups they may not use."),
    SpecField("allow", \.allow, "Tools or groups they may use at all. Defaults to all."),
    SpecField("ceiling", \.ceiling, "The highest tool tier they get. Defaults to no limit."),
  ]
}

/// The tools of one channel.
public struct ChannelToolsSpec: Sendable, Equatable {
  public var profile: ToolProfile?
  public var deny: [String] = []
  public var allow: [String]?
  public var ceiling: ToolTier?

  public init() {}
}

extension ChannelToolsSpec: SpecSection, SpecNesting {
  package static var summary: String { "What is taken from the tools on this channel." }

  package static let fields: [SpecField<Self>] = [
    SpecField("profile", \.profile, "Named set of tools to choose from."),
    SpecField("deny", \.deny, "Tools or groups that may not be used."),
    SpecField("allow", \.allow, "Tools or groups that may be used at all. Defaults to all."),
    SpecField("ceiling", \.ceiling, "The highest tool tier. Defaults to no limit."),
  ]
}

/// The highest tool tier once foreign text is in a turn; beyond it an approval is needed.
public struct TaintSpec: Sendable, Equatable {
  public var files: ToolTier = .write
  public var web: ToolTier = .read
  public var bots: ToolTier = .read
  public var senders: ToolTier = .read

  public init() {}
}

extension TaintSpec: SpecSection, SpecNesting {
  package static var summary: String {
    "The highest tool tier once foreign text is in a turn; beyond it an approval is needed."
  }

  package static let fields: [SpecField<Self>] = [
    SpecField("files", \.files, "After text of files or output of commands."),
    SpecField("web", \.web, "After text of the web."),
    SpecField("bots", \.bots, "After a message of another bot."),
    SpecField(
      "senders", \.senders, "After messages of senders of a lower tier in the same conversation."),
  ]
}

/// Which calls wait for an operator's word.
public struct ApprovalsSpec: Sendable, Equatable {
  public var require: [String] = [ToolName.exec, ToolName.runSkill]
  public var exempt: [SenderTier] = []
  public var lifetime = SpecDuration(seconds: 600)

  public init() {}
}

extension ApprovalsSpec: SpecSection, SpecNesting {
  package static var summary: String { "Which calls wait for an operator's word." }

  package static let fields: [SpecField<Self>] = [
    SpecField("require", \.require, "Tools or groups whose calls need an approval."),
    SpecField(
      "exempt", \.exempt,
      "Sender tiers whose calls need none. Text from elsewhere still lowers what they may do."),
    SpecField(
      "lifetime", \.lifetime, "How long a call waits, and how long an approval holds."),
  ]
}

/// Pages the agent may read.
public struct WebSpec: Sendable, Equatable {
  public var hosts: [String] = []
  public var maxKiB = Count(512)
  public var timeout = SpecDuration(seconds: 20)

  public init() {}
}

extension WebSpec: SpecSection, SpecNesting {
  package static var summary: String { "Pages that `web_fetch` may read." }

  package static let fields: [SpecField<Self>] = [
    SpecField("hosts", \.hosts, "Exact host names, reached by https only. Defaults to none."),
    SpecField("maxKiB", \.maxKiB, "The largest page. KiB; what is longer is cut."),
    SpecField("timeout", \.timeout, "Most time for one page, redirects included."),
  ]
}
