// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DesiredState
import SodiumCrypto

/// A skill that the desired state exposes.
public struct DesiredSkill: Sendable, Equatable, Codable {
  public enum Origin: Sendable, Equatable, Codable {
    /// The program brings it along.
    case bundled
    /// It stands in the repository, below `skills/`.
    case repository
    /// An operator installed it from there.
    case source(String)
  }

  public let name: String
  public let origin: Origin
  /// Of its files; `nil` for a bundled one, which only another program changes.
  public let digest: Digest?

  public init(name: String, origin: Origin, digest: Digest?) {
    (self.name, self.origin, self.digest) = (name, origin, digest)
  }
}

/// Which skills a desired state exposes: `scope: selected` the enabled ones and no others.
public enum DesiredSkills {
  public static func of(_ state: LoadedState) -> [DesiredSkill] {
    let spec = state.spec.skills
    return all(state).filter { spec.scope == .all || spec.enabled.contains($0.name) }
  }

  /// Also those that are not exposed, by name.
  public static func all(_ state: LoadedState) -> [DesiredSkill] {
    let bundled = SkillName.bundled.map { DesiredSkill(name: $0, origin: .bundled, digest: nil) }
    let own = SkillsSpec.names(in: state.skills).map { name in
      DesiredSkill(
        name: name, origin: .repository,
        digest: TreeDigest.of(SkillsSpec.files(of: name, in: state.skills)))
    }
    let sources = state.spec.skills.sources.compactMap(SkillSource.init).map {
      DesiredSkill(name: $0.name, origin: .source($0.location), digest: $0.digest)
    }
    return (bundled + own + sources).sorted { $0.name < $1.name }
  }
}
