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
  public var signingSecret: SecretReference?
  public var botToken: SecretReference?
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
    SpecField("signingSecret", \.signingSecret, "Key that authenticates inbound requests."),
    SpecField("botToken", \.botToken, "Credential the channel sends replies with."),
    SpecField("stage", \.stage, "Stage in which the channel comes back after an incident."),
    SpecField(
      "protect", \.protect,
      "Whether removing the channel takes two commits: one that sets this to false, applied, and "
        + "then the removal."),
  ]
}

/// Platforms of chat channels. `web` is `POST /chat` with a `sender`.
public enum ChannelType: String, SpecEnum {
  case web
  case slack
  case telegram
  case teams
  case whatsapp
  case matrix
  case webhook
}

/// What separates one conversation from another.
public enum SessionScope: String, SpecEnum {
  case channel
  case account
  case room
  case thread
  case user
}

/// Who is admitted.
public enum AdmissionPolicy: String, SpecEnum {
  /// Owners, internal senders and the channel's `allow` list.
  case allowlist
  /// Everybody.
  case open
  /// Nobody.
  case disabled
}

/// Senders known by tier, on every channel.
public struct SendersSpec: Sendable, Equatable {
  public var owners: [SenderID] = []
  public var `internal`: [SenderID] = []

  public init() {}
}

extension SendersSpec: SpecSection, SpecNesting {
  package static var summary: String { "Senders known by tier, on every channel." }

  package static let fields: [SpecField<Self>] = [
    SpecField("owners", \.owners, "Senders of the tier `owner`."),
    SpecField("internal", \.internal, "Senders of the tier `internal`."),
  ]
}
