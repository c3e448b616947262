// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// What the agent's tools may do, and for whom.
public struct ToolsSpec: Sendable, Equatable {
  public var deny: [String] = []
  public var allow: [String]?
  public var tiers = ToolTiersSpec()
  public var exec = ExecSpec()

  public init() {}
}

extension ToolsSpec: SpecSection, SpecNesting {
  package static var summary: String { "What the agent's tools may do, and for whom." }

  package static let fields: [SpecField<Self>] = [
    SpecField("deny", \.deny, "Tools nobody may use; deny beats allow."),
    SpecField("allow", \.allow, "Tools that may be used at all. Defaults to all."),
    SpecField("tiers", \.tiers, ToolTiersSpec.summary),
    SpecField("exec", \.exec, ExecSpec.summary),
  ]
}

/// The highest tool tier of each sender tier.
public struct ToolTiersSpec: Sendable, Equatable {
  public var external: ToolTier = .read
  public var `internal`: ToolTier = .write
  public var owner: ToolTier = .highRisk

  public init() {}
}

extension ToolTiersSpec: SpecSection, SpecNesting {
  package static var summary: String { "The highest tool tier of each sender tier." }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "external", \.external, "For senders on a channel's allow list, and on open channels."),
    SpecField(
      "internal", \.internal, "For `senders.internal`, and API clients that name no sender."),
    SpecField("owner", \.owner, "For `senders.owners`, and `kafclaw chat` on the host."),
  ]
}

extension ToolTier: SpecEnum {}

/// The shell tool.
public struct ExecSpec: Sendable, Equatable {
  public var restrictWorkspace = true

  public init() {}
}

extension ExecSpec: SpecSection, SpecNesting {
  package static var summary: String { "The exec tool." }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "restrictWorkspace", \.restrictWorkspace,
      "Confine commands to workspace and work repo. `false` fails the baseline guardrail.")
  ]
}

/// Which skills exist and how they run.
public struct SkillsSpec: Sendable, Equatable {
  public var scope: SkillScope = .selected
  public var enabled: [String] = []
  public var runtimeIsolation: RuntimeIsolation = .auto
  public var sources: [String] = []

  public init() {}
}

extension SkillsSpec: SpecSection, SpecNesting {
  package static var summary: String { "Which skills exist and how they run." }

  package static let fields: [SpecField<Self>] = [
    SpecField("scope", \.scope, "`selected` exposes only `enabled` skills."),
    SpecField("enabled", \.enabled, "Skills to expose."),
    SpecField(
      "runtimeIsolation", \.runtimeIsolation,
      "Sandbox of skills and `exec`: `auto` takes the strongest usable, `strict` insists on a "
        + "container engine."),
    SpecField("sources", \.sources, "Where skills come from, each pinned by digest."),
  ]
}

/// Which skills are exposed.
public enum SkillScope: String, SpecEnum {
  case selected
  case all
}

/// How skills and `exec` are isolated.
public enum RuntimeIsolation: String, SpecEnum {
  case auto
  case strict
  case host
}
