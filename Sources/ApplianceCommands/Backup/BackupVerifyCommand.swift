// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Backup
import Daemon
import DesiredState
import DurableIO
import Foundation

extension BackupCommand {
  /// `kafclaw backup verify`.
  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Check a repository.",
      discussion: """
        manifest: heads, manifests, indexes, and that every pack is there in its size. data: every \
        byte. restore: as data, and the newest snapshot is restored to a temporary folder, its \
        database opened and counted, its audit log verified.

        Exit codes: 0 intact, 1 damaged, or empty.
        """)

    enum Level: String, ExpressibleByArgument, CaseIterable {
      case manifest
      case data
      case restore

      var ofBackup: BackupLevel { BackupLevel(rawValue: rawValue) ?? .data }
    }

    @OptionGroup var access: RepositoryOptions

    @Option(help: "How much is looked at.")
    var level = Level.data

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let paths = try BackupHost.paths(options)
      let told: @Sendable (Int, Int) -> Void = { Progress.note("\($0) of \($1) packs") }
      let report: BackupVerification
      if access.recovery {
        let (repository, _) = try access.open(paths)
        report = try BackupVerification.run(
          repository, level: level.ofBackup, known: nil, scratch: try ScratchFolder.parent(paths),
          progress: told)
      } else {
        report = try await BackupHost.host(paths).verify(
          try BackupHost.location(access.repository, paths), level: level.ofBackup,
          open: { [access] in try access.open(paths).0 }, progress: told)
      }
      try render(report)
      guard report.isRight else { throw CommandExit(code: 1) }
    }

    private func render(_ report: BackupVerification) throws {
      if options.format == .json { return try Output.json(report) }
      let repository = report.repository
      for damage in repository.damages {
        let snapshots = damage.snapshots.map(String.init).joined(separator: ", ")
        Output.line(
          "damaged: \(damage.file): \(damage.problem)"
            + (snapshots.isEmpty ? "" : "; snapshots \(snapshots)"))
      }
      for result in report.restored {
        let (name, found) = (VisibleText.escape(result.name), VisibleText.escape(result.found))
        Output.line(
          result.isRight
            ? "right: \(name): \(found)"
            : "wrong: \(name): expected \(VisibleText.escape(result.expected)), found \(found)")
      }
      let verdict = repository.snapshots == 0 ? "empty" : report.isRight ? "intact" : "damaged"
      Output.line(
        "\(repository.snapshots) snapshots, \(repository.packs) packs, \(repository.chunks) chunks, "
          + "\(ByteText.of(repository.bytes)) read: \(verdict)")
      if let head = repository.head { Output.line("head \(head.description)") }
      if !report.isRight { Output.note(VisibleText.escape(report.words)) }
    }
  }
}
