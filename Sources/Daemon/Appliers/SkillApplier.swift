// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Planning
import Reconciliation
import Skills

/// Skills of the repository and pinned ones. What is exposed stands in a file with its digest; the files lie in
/// the store, and one that was changed there is no such skill any more.
struct SkillApplier: ResourceApplier {
  let kind = ResourceKind.skill
  let paths: AppliancePaths

  func observe(_ names: Set<String>, of state: LoadedState) async -> [String: Observation] {
    let desired = DesiredSkills.of(state)
    return Dictionary(
      uniqueKeysWithValues: names.map { name in
        (name, observe(name, desired.first { $0.name == name }))
      })
  }

  func apply(_ name: String, desired: ResourceFields?, of state: LoadedState) async throws {
    let pointer = try pointer(name)
    guard desired != nil, let skill = DesiredSkills.of(state).first(where: { $0.name == name }),
      let digest = skill.digest
    else { return try DurableFile.removeIfPresent(pointer) }
    let store = SkillStore(paths)
    if skill.origin == .repository {
      try store.keep(try SkillPackage(SkillsSpec.files(of: name, in: state.skills)))
    }
    let package = try store.package(digest)
    guard package.header.name == name else {
      throw ApplianceError(
        .skillRefused, "skill \(name) calls itself \(package.header.name)",
        hint: "the name of its folder or archive has to be the same")
    }
    try PrivateFolder.create(paths.skillsExposed)
    SkillStore.removeFolder(at: pointer)
    try DurableFile.replace(pointer, with: Array((digest.rawValue + "\n").utf8))
  }

  private func observe(_ name: String, _ desired: DesiredSkill?) -> Observation {
    do {
      let store = SkillStore(paths)
      if let desired { try requireInstalled(desired, store) }
      let bytes: [UInt8]?
      do { bytes = try DurableFile.readIfPresent(try pointer(name), limit: 128) } catch {
        // Something else lies there: it is put right like any other drift.
        return .present(["digest": "changed"])
      }
      guard let bytes else { return .absent }
      let digest = Digest(rawValue: String(decoding: bytes.dropLast(), as: UTF8.self))
      return .present(["digest": .string(store.has(digest) ? digest.rawValue : "changed")])
    } catch {
      return .unknown(ApplianceError.of(error).message)
    }
  }

  /// One that an operator has to install first is no change that a pass could make.
  private func requireInstalled(_ skill: DesiredSkill, _ store: SkillStore) throws {
    guard case .source(let location) = skill.origin, let digest = skill.digest else { return }
    do { _ = try store.package(digest) } catch {
      let cause = ApplianceError.of(error)
      throw ApplianceError(
        cause.code,
        "\(cause.message): kafclaw skills install "
          + "\(location)#\(digest.rawValue.replacing(":", with: "="))")
    }
  }

  private func pointer(_ name: String) throws -> String {
    guard SkillName.isOne(name) else {
      throw ApplianceError(.skillMissing, "\"\(VisibleText.escape(name))\" is no name of a skill")
    }
    return paths.skillsExposed + "/" + name
  }
}
