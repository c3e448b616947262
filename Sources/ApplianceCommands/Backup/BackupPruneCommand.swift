// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Backup
import Daemon
import DesiredState
import DurableIO
import Foundation
import Reconciliation

extension BackupCommand {
  /// `kafclaw backup prune`.
  struct Prune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "prune", abstract: "Forget snapshots that the desired state does not keep.",
      discussion: """
        What `backup.retention` keeps stays, and so does what is newer than the last check of \
        everything. Files \
        that only forgotten snapshots needed are removed a day later: whoever is reading them can end.

        Exit codes: 0 done, 1 nothing was forgotten because a newer snapshot has much less in it, 6 \
        another process is at it.
        """)

    @Argument(help: "Folder of the repository, or its address.")
    var repository: String?

    @Flag(help: "Tell what would be forgotten, and why the rest is kept.")
    var dryRun = false

    @Flag(help: "Also when a newer snapshot has less than half in it of what one before has.")
    var despiteShrink = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let paths = try BackupHost.paths(options)
      let spec = try BackupHost.declared(
        paths, hint: "declare `backup` with what it keeps, and apply it")
      guard !spec.appendOnly || dryRun else {
        throw ApplianceError(
          .backupRepository, "backup.appendOnly: this host removes nothing from the repository",
          hint: "prune it from a host that may")
      }
      let location = try BackupHost.location(repository, paths)
      let host = try BackupHost.host(paths)
      let rule = RetentionRule(spec.retention)
      let report =
        try await dryRun
        ? host.prune(
          try host.open(location), rule, despiteShrink: despiteShrink, isDry: true)
        : host.prune(in: location, rule, despiteShrink: despiteShrink)
      try render(report)
      guard report.frozen == nil else { throw CommandExit(code: 1) }
    }

    private func render(_ report: PruneReport) throws {
      if options.format == .json { return try Output.json(versioned: report) }
      for decision in report.decisions {
        Output.line(
          "\(decision.sequence)  \(decision.time.ISO8601Format())  "
            + (decision.isKept
              ? "kept: \(decision.reasons.joined(separator: ", "))"
              : dryRun ? "would be forgotten" : "forgotten"))
      }
      if let frozen = report.frozen {
        Output.note("nothing is forgotten: \(frozen)")
        Output.note("hint: look at what is gone; kafclaw backup prune --despite-shrink goes on")
      } else if !report.forgotten.isEmpty {
        Output.line("\(ByteText.of(report.released)) go a day from now")
      }
      if report.removed > 0 {
        Output.line("removed \(report.removed) files, \(ByteText.of(report.removedBytes))")
      }
      if !dryRun, let head = report.head { Output.line("head \(head.description)") }
    }
  }

  /// `kafclaw backup status`.
  struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "status", abstract: "Tell what became of backups, checks and drills.",
      discussion: """
        Of the declared repository; of all that this host knows when none is declared. A check with \
        --recovery is told where it is made, and not remembered.
        """)

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let paths = try BackupHost.paths(options)
      let record = try BackupRecordFile(paths).read()
      if options.format == .json { return try Output.json(versioned: record) }
      let declared = try BundleStore(paths).current()?.state.spec.backup?.repository
      let address = declared.map(RepositoryAddress.normal)
      if let address { Output.line("repository: \(VisibleText.escape(address))") }
      for deed in BackupRecord.Deed.allCases {
        guard let last = record.last(deed, at: address) else {
          Output.line("\(deed.rawValue): never")
          continue
        }
        Output.line(
          "\(deed.rawValue): \(last.outcome.rawValue) \(last.at.ISO8601Format())"
            + (address == nil ? ", \(VisibleText.escape(last.address))" : "")
            + (last.level.map { ", \($0)" } ?? "")
            + (last.snapshot.map { ", snapshot \($0)" } ?? "")
            + ": \(VisibleText.escape(last.words))")
        if last.outcome != .done, let done = record.last(deed, at: address, [.done]) {
          Output.line("  last done \(done.at.ISO8601Format())")
        }
      }
    }
  }
}
