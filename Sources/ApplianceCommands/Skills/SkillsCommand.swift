// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import DesiredState
import DurableIO
import Glibc
import Reconciliation

/// `kafclaw skills`.
struct SkillsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "skills", abstract: "Skills: instructions and scripts that turns may use.",
    discussion: """
      Which skills are exposed stands in the desired state (`skills`); a skill is bundled, lies in the \
      repository below skills/NAME, or is installed from elsewhere and pinned by its digest. A skill is \
      checked each time it is loaded, and can only narrow what a turn may do.
      """,
    subcommands: [
      List.self, Status.self, Verify.self, Install.self, Update.self, Remove.self, Exec.self,
      Auth.self,
    ], defaultSubcommand: List.self)

  /// `kafclaw skills list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List skills.")

    @Flag(help: "Only those that turns get.")
    var effective = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let states = try await SkillsCommand.states(options).filter { !effective || $0.isExposed }
      try SkillText.show(states, options, empty: effective ? "no skill is exposed" : "no skills")
    }
  }

  /// `kafclaw skills status`.
  struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "status", abstract: "Check every skill that the desired state exposes.",
      discussion: "Exit code 0 when each is here and unchanged, else 1.")

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let states = try await SkillsCommand.states(options).filter(\.isExposed)
      try SkillText.show(states, options, empty: "no skill is exposed")
      if states.contains(where: { $0.condition != .ready }) { throw CommandExit(code: 1) }
    }
  }

  /// `kafclaw skills exec`.
  struct Exec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "exec", abstract: "Run a script of an exposed skill in the sandbox.",
      discussion: """
        With the limits that hold for turns. Standard input is read where it is no terminal. Ends with \
        the script's exit code, or 125 when it was killed.
        """)

    @Argument(help: "Name of the skill.")
    var skill: String

    @Argument(help: "Path of the script in the skill, as in scripts/check.")
    var script: String

    @Argument(parsing: .postTerminator, help: "Arguments of the script, after --.")
    var arguments: [String] = []

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let request = SkillRunRequest(
        skill: skill, script: script, arguments: arguments, input: try Self.input())
      let answer = try await ControlClient.require(try options.paths).post(
        ControlRoutes.runSkill, request, as: SkillRunResponse.self)
      if options.format == .json {
        try Output.json(answer)
      } else {
        SkillText.show(output: answer.output)
        if !answer.errors.isEmpty { Output.note(SkillText.escaped(answer.errors)) }
        if let killed = answer.killed { Output.note("the script was ended: \(killed)") }
      }
      let code = answer.status.map { Int32(clamping: $0) } ?? 125
      if code != 0 { throw CommandExit(code: code) }
    }

    /// What is piped in; nothing on a terminal.
    private static func input() throws -> String? {
      guard isatty(0) == 0 else { return nil }
      let text = try TerminalPrompt.wholeInput(limit: 1 << 20).withBytes {
        String(validating: $0, as: UTF8.self)
      }
      guard let text else {
        throw ApplianceError(.malformed, "standard input is not text in UTF-8")
      }
      return text.isEmpty ? nil : text
    }
  }

  /// The skills of the host, by the state in force.
  static func states(_ options: GlobalOptions) async throws -> [SkillState] {
    let paths = try options.paths
    return try SkillInventory(paths, try await state(paths)).states()
  }

  static func state(_ paths: AppliancePaths) async throws -> LoadedState? {
    guard let client = try ControlClient.ofRunningAppliance(paths) else {
      return try BundleStore(paths).current()?.state
    }
    do {
      return try await client.get(ControlRoutes.desired, as: LoadedState.self)
    } catch let error as ApplianceError where error.code == .nothingApplied {
      return nil
    }
  }
}
