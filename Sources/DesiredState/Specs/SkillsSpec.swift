// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Which skills exist and how they run.
public struct SkillsSpec: Sendable, Equatable {
  public var scope: SkillScope = .selected
  public var enabled: [String] = []
  public var runtimeIsolation: RuntimeIsolation = .auto
  public var sandbox: SandboxName?
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
    SpecField(
      "sandbox", \.sandbox,
      "The sandbox by name, instead of a choice. `strict` takes bubblewrap only when it is named."),
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

/// Sandboxes that can be named.
public enum SandboxName: String, SpecEnum {
  case podman
  case docker
  case bubblewrap
}
