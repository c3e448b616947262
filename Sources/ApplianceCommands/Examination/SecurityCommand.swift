// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ArgumentParser
import Doctor

/// `kafclaw security`.
struct SecurityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "security", abstract: "Examine how safe the appliance and its host are.",
    subcommands: [CheckHost.self, Audit.self, Fix.self, List.self])

  private static let exitCodes = """
    Exit codes: 0 pass, 1 something fails, 2 warnings (with --strict), 3 something could not be \
    looked at. Findings can be suppressed in the desired state (security.suppressions), with \
    reason, owner and end; critical ones cannot.
    """

  /// Sets of checks for an occasion.
  enum Profile: String, ExpressibleByArgument, CaseIterable {
    /// Before other people use the appliance: every row of the runbook's checklist.
    case goLive = "go-live"
  }

  /// `kafclaw security check`.
  struct CheckHost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check", abstract: "Look at files, settings, listeners and the host.",
      discussion: exitCodes)

    @Option(help: "Also the checks of an occasion: go-live.")
    var profile: Profile?

    @OptionGroup var checks: ExaminationOptions
    @OptionGroup var options: ExaminationCommandOptions

    func run() async throws {
      let groups: Set<Check.Group> =
        profile == .goLive ? [.doctor, .security, .goLive] : [.doctor, .security]
      try await ExaminationRun(
        selection: try checks.selection(groups), options: options, strict: checks.strict
      ).run()
    }
  }

  /// `kafclaw security audit`.
  struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "audit", abstract: "As check, and with --deep probe the running gateway.",
      discussion: exitCodes + """
         --deep sends hostile requests to the running gateway, verifies every line of the audit \
        log and every row of the timeline, and looks for secrets in files, git objects and \
        processes. It takes about half a minute, and three failed logins of this host.
        """)

    @Flag(help: "Also what takes long or sends requests.")
    var deep = false

    @OptionGroup var checks: ExaminationOptions
    @OptionGroup var options: ExaminationCommandOptions

    func run() async throws {
      let groups: Set<Check.Group> =
        deep ? [.doctor, .security, .deep] : [.doctor, .security]
      if deep { Progress.note("probing the gateway and reading everything; this takes a while") }
      try await ExaminationRun(
        selection: try checks.selection(groups), options: options, strict: checks.strict
      ).run()
    }
  }

  /// `kafclaw security fix`.
  struct Fix: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "fix", abstract: "Repair what the checks find and the host may repair.",
      discussion: "Without --yes it only says what would be done. " + exitCodes)

    @Flag(help: "Do it.")
    var yes = false

    @OptionGroup var checks: ExaminationOptions
    @OptionGroup var options: ExaminationCommandOptions

    func run() async throws {
      try await ExaminationRun(
        selection: try checks.selection([.doctor, .security]), options: options,
        strict: checks.strict, fixes: true, isDryRun: !yes
      ).run()
    }
  }

  /// `kafclaw security list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Show every check there is.")

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      switch options.format {
      case .json: try Output.json(CheckList())
      case .markdown: Output.text(Checks.reference)
      case .human:
        for check in Checks.all {
          Output.line("\(check.id)  \(check.severity.rawValue)  \(check.title)")
        }
      }
    }
  }
}

/// What `security list --output json` prints.
private struct CheckList: Encodable {
  struct Row: Encodable {
    let id: String
    let title: String
    let severity: Severity
    let group: Check.Group
    let reference: String
    let remedy: String
    let repairable: Bool
    let proposable: Bool
  }

  let formatVersion = 1
  let checks = Checks.all.map {
    Row(
      id: $0.id, title: $0.title, severity: $0.severity, group: $0.group,
      reference: $0.reference, remedy: $0.remedy, repairable: $0.isRepairable,
      proposable: $0.isProposable)
  }
}
