// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// The whole desired state of one appliance: `kafclaw.yaml` with its fragments and host overlay.
public struct ApplianceSpec: Sendable, Equatable {
  public var version = FormatVersion(1)
  public var appliance = IdentitySpec()
  public var gateway = GatewaySpec()
  public var agent = AgentSpec()
  public var providers: [String: ProviderSpec] = [:]
  public var channels: [String: ChannelSpec] = [:]
  public var senders = SendersSpec()
  public var tools = ToolsSpec()
  public var skills = SkillsSpec()
  public var backup: BackupSpec?
  public var logs = LogsSpec()
  public var monitoring = MonitoringSpec()
  public var reconcile = ReconcileSpec()
  public var guardrails: [String] = ["baseline"]
  public var security = SecuritySpec()

  public init() {}

  /// Every effective value, defaults included, secrets as references.
  public var effective: JSONValue { json }

  /// Reads back what ``effective`` gave.
  ///
  /// - Throws: `model.malformed`, naming the first field that does not fit.
  public init(effective value: JSONValue) throws {
    var decoding = SpecDecoding()
    let node = DocumentNode(value, path: "", provenance: [:])
    guard let spec = Self.decode(node, at: .root, into: &decoding) else {
      let first = decoding.issues.first.map { "\($0.path): \($0.message)" } ?? "unknown"
      throw ApplianceError(.malformed, "not an effective desired state: \(first)")
    }
    self = spec
  }
}

extension ApplianceSpec: SpecSection, SpecNesting {
  package static var summary: String { "Desired state of a KafClaw appliance." }

  package static let fields: [SpecField<Self>] = [
    SpecField("version", \.version, required: true, "Version of this format; always 1."),
    SpecField("appliance", \.appliance, required: true, IdentitySpec.summary),
    SpecField("gateway", \.gateway, GatewaySpec.summary),
    SpecField("agent", \.agent, AgentSpec.summary),
    SpecField("providers", \.providers, "Model providers by name. `offline` is built in."),
    SpecField("channels", \.channels, "Chat channels by name. Defaults to none."),
    SpecField("senders", \.senders, SendersSpec.summary),
    SpecField("tools", \.tools, ToolsSpec.summary),
    SpecField("skills", \.skills, SkillsSpec.summary),
    SpecField("backup", \.backup, BackupSpec.summary),
    SpecField("logs", \.logs, LogsSpec.summary),
    SpecField("monitoring", \.monitoring, MonitoringSpec.summary),
    SpecField("reconcile", \.reconcile, ReconcileSpec.summary),
    SpecField(
      "guardrails", \.guardrails,
      "Guardrail packs that every change must pass: `baseline`, `strict`."),
    SpecField("security", \.security, SecuritySpec.summary),
  ]
}

/// Who this appliance is and who answers for it.
public struct IdentitySpec: Sendable, Equatable {
  public var name = ""
  public var incidentOwner: String?
  public var escalation: [EscalationSpec] = []

  public init() {}
}

extension IdentitySpec: SpecSection, SpecNesting {
  package static var summary: String { "Who this appliance is and who answers for it." }

  package static let fields: [SpecField<Self>] = [
    SpecField("name", \.name, required: true, "Name shown in status, plans and replies."),
    SpecField(
      "incidentOwner", \.incidentOwner,
      "Person or team that owns incidents; shown in `kafclaw status`."),
    SpecField("escalation", \.escalation, "Where alerts go, in this order."),
  ]
}

/// One step of the escalation path.
public struct EscalationSpec: Sendable, Equatable {
  public var webhook: WebhookTargetSpec?
  public var channel: ChannelTargetSpec?

  public init() {}
}

extension EscalationSpec: SpecSection, SpecNesting {
  package static var summary: String { "One step of the escalation path." }

  package static let fields: [SpecField<Self>] = [
    SpecField("webhook", \.webhook, WebhookTargetSpec.summary),
    SpecField("channel", \.channel, ChannelTargetSpec.summary),
  ]
}

/// A conversation of a chat channel that gets an alert.
public struct ChannelTargetSpec: Sendable, Equatable {
  public var name = ""
  public var conversation = ""
  public var thread: String?

  public init() {}
}

extension ChannelTargetSpec: SpecSection, SpecNesting {
  package static var summary: String { "A conversation of a chat channel that gets an alert." }

  package static let fields: [SpecField<Self>] = [
    SpecField("name", \.name, required: true, "Channel by name."),
    SpecField(
      "conversation", \.conversation, required: true,
      "The platform's own id: Slack channel, Telegram chat, WhatsApp number, Matrix room."),
    SpecField("thread", \.thread, "Thread of that conversation."),
  ]
}

/// A signed HTTP request that carries an alert.
public struct WebhookTargetSpec: Sendable, Equatable {
  public var url = ""
  public var secret: SecretReference?

  public init() {}
}

extension WebhookTargetSpec: SpecSection, SpecNesting {
  package static var summary: String { "A signed HTTP request that carries an alert." }

  package static let fields: [SpecField<Self>] = [
    SpecField("url", \.url, required: true, "Address of the receiver; https only."),
    SpecField("secret", \.secret, "Key that signs the request (HMAC-SHA-256)."),
  ]
}
