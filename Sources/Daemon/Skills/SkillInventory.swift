// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DesiredState
public import DurableIO
import Planning
import Skills

/// One skill of a host, as people ask for it.
public struct SkillState: Sendable, Codable, Equatable {
  public enum Condition: String, Sendable, Codable {
    case ready
    /// Its pin is in the desired state, and its files are not here.
    case notInstalled = "not-installed"
    /// Its files are not what was committed or installed.
    case changed
    /// An installed skill that the desired state does not name.
    case unused
  }

  public let name: String
  /// `bundled`, `repository`, or the location it was installed from; `nil` for one that is not named.
  public let origin: String?
  public let isExposed: Bool
  public let digest: Digest?
  public let condition: Condition
  public let description: String?
  public let scripts: [String]
  public let allowedTools: [String]?
}

/// Looks at the skills of a host, each one whole.
public struct SkillInventory: Sendable {
  private let store: SkillStore
  private let all: [DesiredSkill]
  private let exposed: Set<String>

  /// - Parameter state: The desired state in force; `nil` before anything was applied.
  public init(_ paths: AppliancePaths, _ state: LoadedState?) {
    store = SkillStore(paths)
    all = state.map(DesiredSkills.all) ?? []
    exposed = Set(state.map(DesiredSkills.of)?.map(\.name) ?? [])
  }

  /// By name; installed ones that nothing names come last.
  public func states() throws -> [SkillState] {
    let named = all.map(state)
    let used = Set(all.compactMap(\.digest))
    let unused = try store.digests().filter { !used.contains($0) }.map { digest in
      // `try?`: one that cannot be read is shown as changed.
      let package = try? store.package(digest)
      return Self.state(
        package?.header.name ?? digest.short, nil, false, digest, package,
        package == nil ? .changed : .unused)
    }
    return named + unused
  }

  private func state(_ skill: DesiredSkill) -> SkillState {
    let origin: String =
      switch skill.origin {
      case .bundled: "bundled"
      case .repository: "repository"
      case .source(let location): location
      }
    let isExposed = exposed.contains(skill.name)
    guard let digest = skill.digest else {
      // `try?`: bundled skills are read by tests.
      let package = try? BundledSkills.package(skill.name)
      return Self.state(skill.name, origin, isExposed, package?.digest, package, .ready)
    }
    do {
      let package = try store.package(digest)
      let isNamed = package.header.name == skill.name
      return Self.state(
        skill.name, origin, isExposed, digest, package, isNamed ? .ready : .changed)
    } catch {
      let isMissing = ApplianceError.of(error).code == .skillMissing
      return Self.state(
        skill.name, origin, isExposed, digest, nil, isMissing ? .notInstalled : .changed)
    }
  }

  private static func state(
    _ name: String, _ origin: String?, _ isExposed: Bool, _ digest: Digest?,
    _ package: SkillPackage?, _ condition: SkillState.Condition
  ) -> SkillState {
    SkillState(
      name: name, origin: origin, isExposed: isExposed, digest: digest, condition: condition,
      description: package?.header.description, scripts: package?.scripts ?? [],
      allowedTools: package?.header.allowedTools)
  }
}
