// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Which skills exist and how they run.
public struct SkillsSpec: Sendable, Equatable {
  public var scope: SkillScope = .selected
  public var enabled: [String] = []
  public var runtimeIsolation: RuntimeIsolation = .auto
  public var sandbox: SandboxName?
  public var sources: [String] = []
  public var limits = SkillLimitsSpec()

  public init() {}
}

extension SkillsSpec {
  /// The skills in a repository's `skills/` folder: folders with a `SKILL.md`, and not named like a bundled
  /// one.
  public static func names(in files: [String: SourceTree.File]) -> Set<String> {
    Set(
      files.keys.compactMap { path in
        let parts = path.split(separator: "/")
        guard parts.count == 2, parts[1] == "SKILL.md" else { return nil }
        let name = String(parts[0])
        return SkillName.isOne(name) && !SkillName.bundled.contains(name) ? name : nil
      })
  }

  /// The files of one of them, by path inside its folder.
  public static func files(
    of name: String, in files: [String: SourceTree.File]
  ) -> [String: SourceTree.File] {
    var own: [String: SourceTree.File] = [:]
    for (path, file) in files where path.hasPrefix(name + "/") {
      own[String(path.dropFirst(name.count + 1))] = file
    }
    return own
  }
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
    SpecField(
      "sources", \.sources,
      "Skills from elsewhere, each pinned: `https://HOST/PATH/NAME.tar.gz#sha256=DIGEST`, or a path of "
        + "the host. `kafclaw skills install` brings them."),
    SpecField("limits", \.limits, SkillLimitsSpec.summary),
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
