// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// Who starts the components of a host, and as whom.
public struct ComponentsSpec: Sendable, Equatable {
  public var start: ComponentStart = .own
  public var gatewayUser = "kafclaw-gateway"
  public var agentUser = "kafclaw-agent"
  public var toolsUser = "kafclaw-tools"

  public init() {}
}

extension ComponentsSpec: SpecSection, SpecNesting {
  package static var summary: String { "Who starts gateway, agent and tools on this host." }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "start", \.start,
      "`own`: the supervisor, as its own user. `systemd`: units of their own, under users of their "
        + "own; the supervisor waits for them at its sockets."),
    SpecField(
      "gatewayUser", \.gatewayUser,
      "With `systemd`: the user, by name or number, that may connect as the gateway."),
    SpecField(
      "agentUser", \.agentUser, "With `systemd`: the user that may connect as the agent."),
    SpecField(
      "toolsUser", \.toolsUser, "With `systemd`: the user that may connect to run commands."),
  ]
}

/// Who starts components.
public enum ComponentStart: String, Sendable, Codable, CaseIterable {
  case own
  case systemd
}

extension ComponentStart: SpecEnum {}
