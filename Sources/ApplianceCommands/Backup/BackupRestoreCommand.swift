// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import Backup
import Daemon
import DurableIO
import Foundation

extension BackupCommand {
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
    var target: String

    @Option(help: "Which snapshot (default: the newest).")
    var snapshot: Int?

    @Option(
      help: ArgumentHelp(
        "Only this file or folder of the snapshot; may be repeated.",
        discussion: """
          table:NAME and session:KEY are rows of the timeline, as JSON lines: table-NAME.jsonl, \
          session.jsonl; of several sessions session-N.jsonl.
          """))
    var only: [String] = []

    @OptionGroup var options: GlobalOptions

    /// A path without the slash that completion leaves at its end.
    private static func plain(_ path: String) -> String {
      path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    func run() throws {
      let paths = try BackupHost.paths(options)
      let (target, only) = (Self.plain(target), only.map(Self.plain))
      let (repository, chain) = try access.open(paths, isLatestWanted: snapshot == nil)
      try RepositoryLocation.requireOutside(repository.address, target)
      try HostBackup.requireApart(target, paths)
      let head = try BackupHost.head(chain, snapshot)
      if let parts = try RestoredRows.parts(only) {
        let rows = try RestoredRows(parts, scratch: try ScratchFolder.parent(paths))
          .write(repository, chain, head.sequence, to: target)
        if options.format == .json { return try Output.json(rows) }
        for (file, count) in rows.sorted(by: { $0.key < $1.key }) {
          Output.line("\(VisibleText.escape(file)): \(count) rows")
        }
        return
      }
      let restore = try SnapshotRestore(
        repository, chain, sequence: head.sequence, only: only.isEmpty ? nil : only)
      let manifest = try restore.write(to: target, place: HostContents.place) { files, bytes in
        Progress.note("\(files) files, \(ByteText.of(bytes))")
      }
      if options.format == .json {
        return try Output.json(SnapshotLine(manifest, restored: restore.files))
      }
      Output.line("restored snapshot \(manifest.sequence) to \(target)")
      if let workspace = manifest.workspace {
        Output.note(
          "the agent's workspace was \(VisibleText.escape(workspace)): move "
            + "\(target)/.kafclaw/workspace there before the appliance runs")
      }
    }
  }
}
