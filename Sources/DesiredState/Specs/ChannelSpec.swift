// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// A chat channel and who may use it.
public struct ChannelSpec: Sendable, Equatable {
  public var type: ChannelType = .web
  public var sessionScope: SessionScope = .user
  public var dmPolicy: AdmissionPolicy = .allowlist
  public var groupPolicy: AdmissionPolicy = .allowlist
  public var requireMention = true
  public var allow: [SenderID] = []
  public var deny: [SenderID] = []
  public var tools = ChannelToolsSpec()
  public var dailyTokenLimit: Count?
  public var account: String?
  public var tenant: String?
  public var baseURL: String?
  public var replyURL: String?
  public var signingSecret: SecretReference?
  public var verifyToken: SecretReference?
  public var botToken: SecretReference?
  public var pairing = false
  public var approvals: ChannelApprovalsSpec?
  public var stage: Stage?
  public var protect = false

  public init() {}
}

extension ChannelSpec: SpecSection, SpecNesting {
  package static var summary: String { "A chat channel and who may use it." }

  package static let fields: [SpecField<Self>] = [
    SpecField("type", \.type, required: true, "Platform of the channel."),
    SpecField(
      "sessionScope", \.sessionScope, "What separates one conversation from another."),
    SpecField("dmPolicy", \.dmPolicy, "Who may write directly."),
    SpecField("groupPolicy", \.groupPolicy, "Who may write in rooms."),
    SpecField(
      "requireMention", \.requireMention, "In rooms, answer only messages that name the bot."),
    SpecField(
      "allow", \.allow,
      "Senders admitted beside `senders.owners` and `senders.internal`: immutable ids, never "
        + "display names. Takes effect without a restart."),
    SpecField("deny", \.deny, "Senders that are never admitted here, owners included."),
    SpecField("tools", \.tools, ChannelToolsSpec.summary),
    SpecField(
      "dailyTokenLimit", \.dailyTokenLimit,
      "Most tokens a day (UTC) on this channel; then turns are refused."),
    SpecField(
      "account", \.account,
      "The account's own id on its platform: Slack app (`A…`), WhatsApp phone number id, Matrix "
        + "user (`@bot:server`)."),
    SpecField(
      "tenant", \.tenant,
      "What the account belongs to: Slack team (`T…`), WhatsApp business account id. Requests of "
        + "others are refused."),
    SpecField(
      "baseURL", \.baseURL,
      "Address of the platform's API: the homeserver of a Matrix channel. Defaults to the "
        + "platform's own."),
    SpecField(
      "replyURL", \.replyURL, "Where a webhook channel sends replies, signed as requests are."),
    SpecField(
      "signingSecret", \.signingSecret,
      "Key that authenticates inbound requests: Slack signing secret, WhatsApp app secret, or of "
        + "a webhook (`whsec_` and base64)."),
    SpecField(
      "verifyToken", \.verifyToken,
      "Word that WhatsApp presents once, when the webhook is set up there."),
    SpecField("botToken", \.botToken, "Credential the channel sends replies with."),
    SpecField(
      "pairing", \.pairing,
      "Whether an unknown direct sender gets a code, which an operator may approve for a while."),
    SpecField("approvals", \.approvals, ChannelApprovalsSpec.summary),
    SpecField("stage", \.stage, "Stage in which the channel comes back after an incident."),
    SpecField(
      "protect", \.protect,
      "Whether removing the channel takes two commits: one that sets this to false, applied, and "
        + "then the removal."),
  ]
}

/// A Slack conversation that gets waiting calls, with buttons.
public struct ChannelApprovalsSpec: Sendable, Equatable {
  public var conversation = ""
  public var approvers: [SenderID] = []

  public init() {}
}

extension ChannelApprovalsSpec: SpecSection, SpecNesting {
  package static var summary: String {
    "A Slack conversation that gets waiting calls, with buttons to decide about them."
  }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "conversation", \.conversation, required: true, "Slack's own id: `C…`, `G…` or `D…`."),
    SpecField(
      "approvers", \.approvers, required: true,
      "Who may decide there: immutable user ids. Others are refused, and recorded."),
  ]
}

extension ChannelType: SpecEnum {}
extension SessionScope: SpecEnum {}
extension AdmissionPolicy: SpecEnum {}

/// Senders known by tier, on every channel.
public struct SendersSpec: Sendable, Equatable {
  public var owners: [SenderID] = []
  public var `internal`: [SenderID] = []
  public var deny: [SenderID] = []
  public var limits = SenderLimitsSpec()

  public init() {}
}

extension SendersSpec: SpecSection, SpecNesting {
  package static var summary: String { "Senders known by tier, on every channel." }

  package static let fields: [SpecField<Self>] = [
    SpecField("owners", \.owners, "Senders of the tier `owner`."),
    SpecField("internal", \.internal, "Senders of the tier `internal`."),
    SpecField("deny", \.deny, "Senders that are never admitted, on any channel."),
    SpecField("limits", \.limits, SenderLimitsSpec.summary),
  ]
}

/// How much one sender may ask for.
public struct SenderLimitsSpec: Sendable, Equatable {
  public var messagesPerMinute = Count(60)
  public var burst = Count(30)
  public var queued = Count(100)
  public var dailyTokens: Count?

  public init() {}
}

extension SenderLimitsSpec: SpecSection, SpecNesting {
  package static var summary: String { "How much one sender may ask for." }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "messagesPerMinute", \.messagesPerMinute,
      "Messages a minute, over time. API clients that name no sender have no such limit."),
    SpecField("burst", \.burst, "Messages at once, after a pause."),
    SpecField("queued", \.queued, "Messages that may wait at a time."),
    SpecField(
      "dailyTokens", \.dailyTokens,
      "Most tokens a day (UTC) of one sender; then its turns are refused."),
  ]
}
