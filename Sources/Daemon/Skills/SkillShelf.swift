// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import DurableIO
import FoundationEssentials
import Planning
import Skills
import Synchronization

/// The skills that are exposed, checked each time one is loaded.
final class SkillShelf: Sendable {
  private let store: SkillStore
  private let audit: AuditTrail
  /// What was read of a digest says the same for ever.
  private let headers = Mutex<[Digest: SkillHeader]>([:])
  /// Skills that could not be loaded and are recorded so, until they can be again.
  private let told = Mutex<Set<Digest>>([])
  /// What the skills that were given out leave of the tools, by message: what a turn read counts, whatever
  /// is committed meanwhile.
  private let given = Mutex<[String: [String: [String]?]]>([:])

  init(_ paths: AppliancePaths) {
    store = SkillStore(paths)
    audit = HostAudit.skills(paths)
  }

  /// A skill that the desired state exposes.
  ///
  /// - Throws: `skill.missing`; `skill.changed`, which is recorded, for files that are not what was
  ///   committed or pinned.
  func package(_ name: String, among skills: [DesiredSkill]) throws -> SkillPackage {
    guard let skill = skills.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
      let shown = VisibleText.escape(String(name.prefix(64)))
      throw ApplianceError(
        .skillMissing, "there is no skill \"\(shown)\"",
        hint: "skills: \(skills.map(\.name).joined(separator: ", "))")
    }
    guard let digest = skill.digest else { return try BundledSkills.package(skill.name) }
    do {
      let package = try store.package(digest)
      guard package.header.name == skill.name else {
        throw ApplianceError(
          .skillChanged, "skill \(skill.name) calls itself \(package.header.name)")
      }
      told.withLock { _ = $0.remove(digest) }
      return package
    } catch let error as ApplianceError
      where [.skillChanged, .skillMissing].contains(error.code)
    {
      if told.withLock({ $0.insert(digest).inserted }) {
        try tell(
          .skillSecurity, skill.name, .denied, ["digest": digest.short, "why": error.message])
      }
      throw error
    }
  }

  /// What turns are told of the skills; those that could not be loaded when they were met first are left out.
  func summaries(of skills: [DesiredSkill]) -> [SkillSummary] {
    skills.compactMap { skill in
      // `try?`: why one cannot be loaded is recorded, and shown by `skills status`.
      (try? header(of: skill, among: skills)).map {
        SkillSummary(name: $0.name, description: $0.description)
      }
    }
  }

  /// The header of a skill, from its files the first time.
  func header(of skill: DesiredSkill, among skills: [DesiredSkill]) throws -> SkillHeader {
    if let digest = skill.digest, let known = headers.withLock({ $0[digest] }) { return known }
    let package = try package(skill.name, among: skills)
    headers.withLock { headers in
      if headers.count > 1_000 { headers = [:] }
      headers[package.digest] = package.header
    }
    return package.header
  }

  /// Records that a skill was given to a turn.
  func tellLoad(_ package: SkillPackage, for trace: String) throws {
    let header = package.header
    try tell(.skillLoad, header.name, .done, ["digest": package.digest.short], trace: trace)
    given.withLock { given in
      if given.count > 10_000 { given = [:] }
      given[trace, default: [:]][header.name] = .some(header.allowedTools)
    }
  }

  /// What the skills that a message's turn got leave of its tools, by skill; `nil` for all.
  func given(to message: MessageID) -> [String: [String]?] {
    given.withLock { $0[message.rawValue] ?? [:] }
  }

  func tell(
    _ kind: AuditEvent.Kind, _ name: String, _ outcome: AuditEvent.Outcome,
    _ details: [String: String], by actor: String = "supervisor", trace: String? = nil
  ) throws {
    try HostAudit.record(
      AuditEvent(
        kind, by: actor, on: "skill/\(name)", outcome, at: Date(), trace: trace, details: details),
      in: audit)
  }
}

extension AuditEvent.Kind {
  /// A skill was installed, updated, removed, or refused.
  static let skillDecision = Self("skill.decision")
  /// A skill's instructions were given to a turn.
  static let skillLoad = Self("skill.load")
  /// A script of a skill.
  static let skillRun = Self("skill.run")
  /// Files of a skill are not what they have to be.
  static let skillSecurity = Self("skill.security")
}
