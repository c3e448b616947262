// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import DesiredState
import DurableIO
import Glibc
import Skills

extension SkillsCommand {
  /// `kafclaw skills verify`.
  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Examine a skill; nothing is installed.",
      discussion: """
        Exit code 0 without findings, 2 with warnings, 1 with critical ones. What it finds is what is written \
        plainly; the sandbox and the turn's own rights hold whatever it does not find.
        """)

    @Argument(help: "A folder, an archive (.tar, .tar.gz), or https://…; with #sha256= pinned.")
    var location: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let offer = try SkillsCommand.offer(location)
      let report = SkillReport(try await SkillInstallation.read(offer), expected: offer.name)
      if options.format == .json { try Output.json(report) } else { SkillText.show(report) }
      if report.isCritical { throw CommandExit(code: 1) }
      if !report.findings.isEmpty { throw CommandExit(code: 2) }
    }
  }

  /// `kafclaw skills install`.
  struct Install: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "install", abstract: "Bring a skill to this host.",
      discussion: """
        It is examined before anything of it is written; critical findings refuse it. Prints the change of the \
        desired state that exposes it, pinned by its digest.
        """)

    @Argument(help: "A folder, an archive (.tar, .tar.gz), or https://…; with #sha256= pinned.")
    var location: String

    @Flag(help: "Install it although there are warnings.")
    var approveWarnings = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let overrides = ProcessEnvironment.overrides
      try RootRefusal.require(environment: ProcessEnvironment.settings)
      let offer = try SkillsCommand.offer(location)
      let package = try await SkillInstallation.read(offer)
      let report = try SkillInstallation(try options.paths).install(
        package, from: offer, acceptingWarnings: approveWarnings)
      try await SkillInstalled(report, from: offer.location).show(
        "\(report.files) files", options, overrides)
    }
  }

  /// `kafclaw skills update`.
  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "update",
      abstract: "Bring what a pinned source holds now, beside what is pinned.",
      discussion: """
        The version in use stays in use until the desired state names the new digest; the change is printed.
        """)

    @Argument(help: "Name of the skill.")
    var skill: String

    @Flag(help: "Install it although there are warnings.")
    var approveWarnings = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let overrides = ProcessEnvironment.overrides
      try RootRefusal.require(environment: ProcessEnvironment.settings)
      let states = try await SkillsCommand.states(options)
      guard let state = states.first(where: { $0.name == skill && $0.origin != nil }),
        let origin = state.origin, SkillSource.name(of: origin) != nil
      else {
        throw ApplianceError(
          .skillMissing, "skill \"\(VisibleText.escape(skill))\" comes from no source",
          hint: "bundled skills come with the program, those of the repository with a commit")
      }
      let offer = try SkillsCommand.offer(origin)
      let package = try await SkillInstallation.read(offer)
      guard package.digest != state.digest else {
        if options.format == .json {
          return try Output.json(SkillInstalled(SkillReport(package, expected: skill), from: nil))
        }
        return Output.note("\(skill) is as it was: \(package.digest.short)")
      }
      let report = try SkillInstallation(try options.paths).install(
        package, from: offer, acceptingWarnings: approveWarnings)
      try await SkillInstalled(report, from: origin).show(
        "beside the version in use", options, overrides)
    }
  }

  /// `kafclaw skills remove`.
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove",
      abstract: "Delete installed skills that the desired state does not name.")

    @Argument(help: "Name, or the beginning of a digest.")
    var skill: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      try RootRefusal.require(environment: ProcessEnvironment.settings)
      let states = try await SkillsCommand.states(options).filter { state in
        state.name == skill
          || (skill.utf8.count >= 8
            && state.digest?.rawValue.dropFirst("sha256:".count).hasPrefix(
              skill.hasPrefix("sha256:") ? String(skill.dropFirst("sha256:".count)) : skill) == true)
      }
      let removable = states.filter { $0.origin == nil }
      guard let first = removable.first ?? states.first else {
        throw ApplianceError(
          .skillMissing, "no skill \"\(VisibleText.escape(skill))\" is installed here",
          hint: "kafclaw skills list")
      }
      let installation = SkillInstallation(try options.paths)
      for state in removable.isEmpty ? [first] : removable { try installation.remove(state) }
      if options.format == .json { return try Output.json(SkillsRemoved(removed: removable)) }
      for state in removable { Output.note("removed \(state.name) \(state.digest?.short ?? "")") }
    }
  }

  static func offer(_ location: String) throws -> SkillInstallation.Offer {
    guard let current = getcwd(nil, 0) else { throw ApplianceError.system("resolve", ".") }
    defer { free(current) }
    return try SkillInstallation.Offer(location, from: String(cString: current))
  }
}

/// What `remove` prints.
private struct SkillsRemoved: Encodable {
  let formatVersion = 1
  let removed: [SkillState]

  private enum CodingKeys: String, CodingKey {
    case formatVersion, removed
  }
}

/// What `install` and `update` print.
private struct SkillInstalled: Encodable {
  let formatVersion = 1
  let report: SkillReport
  /// What belongs into `skills.sources`; `nil` when nothing is new.
  let source: String?

  private enum CodingKeys: String, CodingKey {
    case formatVersion, report, source
  }

  /// - Parameter location: Where it came from, without a pin; `nil` when nothing is new.
  init(_ report: SkillReport, from location: String?) {
    self.report = report
    source = location.map { "\($0)#\(report.digest.rawValue.replacing(":", with: "="))" }
  }

  func show(
    _ remark: String, _ options: GlobalOptions, _ overrides: EnvironmentOverrides
  ) async throws {
    guard options.format != .json else { return try Output.json(self) }
    Output.note("installed \(report.name) \(report.digest.short), \(remark)")
    guard let source else { return }
    await SkillPatch.show(
      adding: source, named: report.name, try options.paths, overrides)
  }
}

/// The change of the desired state that exposes a skill.
private enum SkillPatch {
  /// A patch that cannot be made keeps nothing from being installed.
  static func show(
    adding pinned: String, named name: String, _ paths: AppliancePaths,
    _ overrides: EnvironmentOverrides
  ) async {
    do {
      let patch = try await ProposedPatch.patch(paths, overrides) { state in
        let spec = state.spec.skills
        let others = spec.sources.filter { SkillSource($0)?.name != name }
        let enabled = spec.enabled.contains(name) ? spec.enabled : spec.enabled + [name]
        return [
          DesiredChange("skills.sources", .array((others + [pinned]).map { .string($0) })),
          DesiredChange("skills.enabled", .array(enabled.map { .string($0) })),
        ]
      }
      // A patch of the half would expose it without its pin.
      if patch.left.isEmpty, !patch.text.isEmpty { return Output.text(patch.text) }
      for change in patch.changes + patch.left.map({ DesiredChange($0.path, $0.value) }) {
        Output.note("set \(change.path) to \(CanonicalJSON.text(change.value))")
      }
      return
    } catch {
      Output.note("no patch could be made: \(ApplianceError.of(error).message)")
    }
    Output.note("to expose it, add to skills.sources: \(pinned)")
  }
}
