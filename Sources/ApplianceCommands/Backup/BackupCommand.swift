// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Backup
import Daemon
import DesiredState
import DurableIO
import Foundation
import Glibc
import Timeline
import Tomb

/// `kafclaw backup`.
struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Make backups, check them, bring them back.",
    discussion: """
      A repository is a folder of encrypted packs. The tomb of this host opens it, and so does the \
      recovery key of the tomb, alone, on any other host (--recovery). Where no repository is named \
      it is the one that the desired state declares.
      """,
    subcommands: [
      Init.self, Create.self, List.self, Show.self, Verify.self, Restore.self, Prune.self,
      Status.self, Drill.self, Evidence.self, DrillStepsCommand.self,
    ])
}

extension BackupCommand {
  /// `kafclaw backup init`.
  struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "init", abstract: "Make an empty repository, sealed to the tomb's recovery keys."
    )

    @Argument(
      help: "Folder to make, on another disk, better on another host; or s3://BUCKET/PREFIX.")
    var repository: String?

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let paths = try BackupHost.paths(options)
      let location = try BackupHost.location(repository, paths)
      let made = try BackupHost.host(paths).create(at: location)
      if options.format == .json {
        try Output.json(
          members: ["repository": .string(made.id.description), "writer": .string(made.writer)])
      } else {
        Output.line("made repository \(made.id) in \(made.address)")
        Output.line("writer \(made.writer); keep it with the recovery key")
        Output.line("Next: kafclaw backup create" + (repository.map { " \($0)" } ?? ""))
      }
    }
  }

  /// `kafclaw backup create`.
  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "create", abstract: "Back this host up.",
      discussion: """
        The timeline is copied as it is at one moment, also while the appliance works. Nothing \
        counts before everything is stored and was read back.

        Exit codes: 0 done, 1 error, 6 another process is at it.
        """)

    @Argument(help: "Folder of the repository, or its address.")
    var repository: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let paths = try BackupHost.paths(options)
      let report = try await BackupHost.host(paths).create(
        in: try BackupHost.location(repository, paths),
        capture: { try await BackupHost.capture(paths, to: $0) },
        progress: { files, bytes in Progress.note("\(files) files, \(ByteText.of(bytes))") })
      if options.format == .json { return try Output.json(versioned: report) }
      Output.line(
        "snapshot \(report.sequence): \(report.files) files, \(ByteText.of(report.size)), "
          + "\(ByteText.of(report.stored)) stored")
      for (path, why) in report.skipped.sorted(by: { $0.key < $1.key }) {
        Output.note("left out: \(VisibleText.escape(path)): \(why)")
      }
      for damage in report.damages { Output.note("damaged: \(damage)") }
      if report.recipientsAdded > 0 {
        Output.line("sealed to \(report.recipientsAdded) more recovery keys")
      }
      Output.line("head \(report.head.description)")
    }
  }

  /// `kafclaw backup list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the snapshots of a repository.")

    @OptionGroup var access: RepositoryOptions
    @OptionGroup var options: GlobalOptions

    func run() throws {
      let (repository, chain) = try access.open(try BackupHost.paths(options))
      let lines = try chain.snapshots.map { SnapshotLine(try repository.manifest($0)) }
      if options.format == .json { return try Output.json(versioned: ["snapshots": lines]) }
      for line in lines { Output.line(line.text) }
      if let head = chain.newest { Output.line("head \(head.description)") }
    }
  }

  /// `kafclaw backup show`.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "List the files of a snapshot.")

    @OptionGroup var access: RepositoryOptions

    @Option(help: "Which snapshot (default: the newest).")
    var snapshot: Int?

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let (repository, chain) = try access.open(
        try BackupHost.paths(options), isLatestWanted: snapshot == nil)
      let head = try BackupHost.head(chain, snapshot)
      let manifest = try repository.manifest(head)
      if options.format == .json { return try Output.json(versioned: manifest) }
      for file in manifest.files {
        Output.line(
          "\(VisibleText.escape(file.mode)) \(file.size) \(VisibleText.escape(file.path))"
            + (file.isTorn ? "  (changed while it was read)" : ""))
      }
    }
  }
}
