// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Backup
import Daemon
import DurableIO
import Foundation

extension BackupCommand {
  /// `kafclaw backup verify`.
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Check a repository.",
      discussion: """
        manifest: heads, manifests, indexes, and that every pack is there in its size. data: every \
        byte. restore: as data, and the newest snapshot is restored to a temporary folder, its \
        database opened and counted, its audit log verified.

        Exit codes: 0 intact, 1 damaged.
        """)

    enum Level: String, ExpressibleByArgument, CaseIterable {
      case manifest
      case data
      case restore
    }

    @OptionGroup var access: RepositoryOptions

    @Option(help: "How much is looked at.")
    var level = Level.data

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let paths = try BackupHost.paths(options)
      let (repository, chain) = try access.open(paths)
      let report = try RepositoryCheck.run(
        repository, level: level == .manifest ? .manifest : .data
      ) { done, all in Progress.note("\(done) of \(all) packs") }
      var restored: [RestoredCheck.Result] = []
      if level == .restore, report.isIntact, !chain.heads.isEmpty {
        restored = try restore(repository, chain, paths)
      }
      let isRight = restored.allSatisfy(\.isRight)
      try render(report, restored)
      if report.snapshots == 0 { Output.note("there is no snapshot in this repository") }
      guard report.isIntact, isRight, report.snapshots > 0 else { throw CommandExit(code: 1) }
    }

    private func restore(
      _ repository: BackupRepository, _ chain: HeadChain, _ paths: AppliancePaths
    ) throws -> [RestoredCheck.Result] {
      let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("kafclaw-verify-\(UUID().uuidString)").path
      try PrivateFolder.create(folder)
      // `try?`: a copy left in the temporary folder is private, and the check counts.
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let home = folder + "/home"
      let manifest = try SnapshotRestore(repository, chain, sequence: chain.heads.count)
        .write(to: home, place: HostContents.place)
      return RestoredCheck.run(manifest, home: home)
    }

    private func render(
      _ report: RepositoryReport, _ restored: [RestoredCheck.Result]
    ) throws {
      struct Whole: Encodable {
        let formatVersion = 1
        let repository: RepositoryReport
        let restored: [RestoredCheck.Result]
      }
      if options.format == .json {
        return try Output.json(Whole(repository: report, restored: restored))
      }
      let verdict =
        report.snapshots == 0 ? "empty" : report.isIntact ? "intact" : "damaged"
      for damage in report.damages {
        let snapshots = damage.snapshots.map(String.init).joined(separator: ", ")
        Output.line(
          "damaged: \(damage.file): \(damage.problem)"
            + (snapshots.isEmpty ? "" : "; snapshots \(snapshots)"))
      }
      for result in restored {
        Output.line(
          result.isRight
            ? "right: \(result.name): \(result.found)"
            : "wrong: \(result.name): expected \(result.expected), found \(result.found)")
      }
      Output.line(
        "\(report.snapshots) snapshots, \(report.packs) packs, \(report.chunks) chunks, "
          + "\(ByteText.of(report.bytes)) read: \(verdict)")
      if let head = report.head { Output.line("head \(head.description)") }
    }
  }

  /// `kafclaw backup restore`.
  struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "restore", abstract: "Bring a snapshot back, to a folder that is not there yet.",
      discussion: """
        The folder is a home: `kafclaw run --home DIR` runs what was restored. Files are verified \
        beside it, and it gets its name last: it is whole, or it is not there.
        """)

    @OptionGroup var access: RepositoryOptions

    @Option(help: "Folder to make.")
    var to: String

    @Option(help: "Which snapshot (default: the newest).")
    var snapshot: Int?

    @Option(help: "Only this file or folder of the snapshot; may be repeated.")
    var only: [String] = []

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let paths = try BackupHost.paths(options)
      let (repository, chain) = try access.open(paths)
      let head = try BackupHost.head(chain, snapshot)
      let restore = try SnapshotRestore(
        repository, chain, sequence: head.sequence, only: only.isEmpty ? nil : only)
      let target = to.count > 1 && to.hasSuffix("/") ? String(to.dropLast()) : to
      let manifest = try restore.write(to: target, place: HostContents.place) { files, bytes in
        Progress.note("\(files) files, \(ByteText.of(bytes))")
      }
      if options.format == .json { return try Output.json(SnapshotLine(manifest)) }
      Output.line("restored snapshot \(manifest.sequence) to \(target)")
      if let workspace = manifest.workspace {
        Output.note(
          "the agent's workspace was \(VisibleText.escape(workspace)): move "
            + "\(target)/.kafclaw/workspace there before the appliance runs")
      }
    }
  }
}
