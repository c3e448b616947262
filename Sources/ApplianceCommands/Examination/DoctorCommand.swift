// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Daemon
import Doctor
import DurableIO
import FoundationEssentials

/// `kafclaw doctor`.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Find out what keeps the appliance from working, and repair it.",
    discussion: """
      Exit codes: 0 pass, 1 something fails, 2 warnings (with --strict), 3 something could not be \
      looked at. --fix repairs what is the host's own: modes, folders, leftovers, secrets in the \
      env file (moved into the tomb), an absent token. What belongs to the repository is proposed \
      with --patch and never edited.
      """)

  @Flag(help: "Repair what can be, then look again.")
  var fix = false

  @Flag(help: "With --fix: only say what would be done.")
  var dryRun = false

  @Flag(help: "Print a patch of the desired-state repository that would clear findings.")
  var patch = false

  @OptionGroup var checks: ExaminationOptions
  @OptionGroup var options: ExaminationCommandOptions

  func validate() throws {
    if dryRun && !fix { throw ValidationError("--dry-run goes with --fix") }
    if patch && fix { throw ValidationError("--patch and --fix are two commands") }
    if patch && options.format == .sarif { throw ValidationError("a patch has no form sarif") }
  }

  func run() async throws {
    let selection = try checks.selection(patch ? [.doctor, .security] : [.doctor])
    if patch { return try await ProposedPatch.run(selection, options) }
    try await ExaminationRun(
      selection: selection, options: options, strict: checks.strict, fixes: fix, isDryRun: dryRun
    ).run()
  }
}

/// Examines, repairs when that is asked for, examines again, prints, and ends with the exit code.
struct ExaminationRun {
  let selection: CheckSelection
  let options: ExaminationCommandOptions
  let strict: Bool
  var fixes = false
  var isDryRun = false

  func run() async throws {
    var host = try await ExaminedHost.look(options)
    var found = await examine(host)
    var repairs: RepairReport?
    if fixes {
      if !isDryRun { try RootRefusal.require(environment: ProcessEnvironment.settings) }
      let report = await Repairs.carryOut(of: found, on: host, isDryRun: isDryRun) { what, secret in
        Output.note("\(what), shown once:")
        if options.format == .human {
          CommandTomb.show(secret)
        } else {
          Output.secretNote(secret)
        }
      }
      repairs = report
      if !isDryRun, !report.steps.isEmpty {
        host = try await ExaminedHost.look(options)
        found = await examine(host)
      }
    }
    try ExaminationReport(examination: found, repairs: repairs).render(options.format)
    if repairs?.failed.isEmpty == false { throw CommandExit(code: 1) }
    let code = found.exitCode(strict: strict)
    if code != 0 { throw CommandExit(code: code) }
  }

  private func examine(_ host: Host) async -> Examination {
    await Examiner.examine(
      host, selection, suppressing: ExaminedHost.suppressions(host))
  }
}
