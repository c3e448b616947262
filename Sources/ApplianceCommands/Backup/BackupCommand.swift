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
      recovery key of the tomb, alone, on any other host (--recovery).
      """,
    subcommands: [
      Init.self, Create.self, List.self, Show.self, Verify.self, Restore.self,
    ])
}

/// How a command opens a repository.
struct RepositoryOptions: ParsableArguments {
  @Argument(help: "Folder of the repository.")
  var repository: String

  @Flag(help: "Open it with the recovery key, read from standard input or asked for.")
  var recovery = false

  @Option(help: "Head that the repository must have grown from, as SNAPSHOT:HASH.")
  var knownHead: String?

  @Option(help: "Who must have written it, as `backup init` printed.")
  var writer: String?

  func open(_ paths: AppliancePaths) throws -> (BackupRepository, HeadChain) {
    HostTomb.protectMemory()
    let repository = try recovery ? openWithRecoveryKey() : openWithTomb(paths)
    let chain = try repository.heads()
    let known = try known(repository, paths)
    try chain.require(known)
    guard writer == nil || writer == repository.writer else {
      throw ApplianceError(
        .backupKey, "the repository was written by \(repository.writer)",
        hint: "another one was put there, or --writer is misspelt")
    }
    if !recovery, let newest = chain.newest, newest != known {
      try HostBackup(paths, try Bootstrap.orDefault(paths).tomb).remember(newest, of: repository)
    }
    if known == nil && writer == nil && recovery {
      // Whoever knows the recipient can make a repository that its recovery key opens.
      Output.note(
        "nothing here tells whether this is your repository, and its newest state: compare its "
          + "writer, \(repository.writer), or pass --known-head")
    }
    return (repository, chain)
  }

  private func openWithTomb(_ paths: AppliancePaths) throws -> BackupRepository {
    try HostBackup(paths, try Bootstrap.orDefault(paths).tomb).open(repository)
  }

  private func openWithRecoveryKey() throws -> BackupRepository {
    let typed =
      try isatty(0) == 1
      ? TerminalPrompt.ask("Recovery key") : TerminalPrompt.standardInput(limit: 4_096)
    let root = try BackupRepository.root(at: repository, with: try RecoveryKey(typed).key)
    return try BackupRepository(at: repository, root: root)
  }

  /// What is passed, else what this host saw last.
  private func known(
    _ repository: BackupRepository, _ paths: AppliancePaths
  ) throws -> KnownHead? {
    if let knownHead {
      guard let head = KnownHead(knownHead) else {
        throw ApplianceError(
          .malformed, "\"\(VisibleText.escape(knownHead))\" is not SNAPSHOT:HASH",
          hint: "kafclaw backup list prints it")
      }
      return head
    }
    return try HostBackup(paths, try Bootstrap.orDefault(paths).tomb).knownHead(of: repository)
  }
}

extension BackupCommand {
  /// `kafclaw backup init`.
  struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "init", abstract: "Make an empty repository, sealed to the tomb's recovery keys."
    )

    @Argument(help: "Folder to make; on another disk, better on another host.")
    var repository: String

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let paths = try BackupHost.paths(options)
      let made = try HostBackup(paths, try Bootstrap.orDefault(paths).tomb).create(at: repository)
      if options.format == .json {
        try Output.json(
          ["formatVersion": "1", "repository": made.id.description, "writer": made.writer])
      } else {
        Output.line("made repository \(made.id) in \(repository)")
        Output.line("writer \(made.writer); keep it with the recovery key")
        Output.line("Next: kafclaw backup create \(repository)")
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
        """)

    @Argument(help: "Folder of the repository.")
    var repository: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
      let paths = try BackupHost.paths(options)
      let host = try HostBackup(paths, try Bootstrap.orDefault(paths).tomb)
      let report = try await host.write(
        to: try host.open(repository), capture: { try await BackupHost.capture(paths, to: $0) },
        progress: { files, bytes in Progress.note("\(files) files, \(ByteText.of(bytes))") })
      if options.format == .json { return try Output.json(report) }
      Output.line(
        "snapshot \(report.sequence): \(report.files) files, \(ByteText.of(report.size)), "
          + "\(ByteText.of(report.stored)) stored")
      for (path, why) in report.skipped.sorted(by: { $0.key < $1.key }) {
        Output.note("left out: \(VisibleText.escape(path)): \(why)")
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
      let manifests = try chain.heads.map { try repository.manifest($0) }
      if options.format == .json { return try Output.json(manifests.map(SnapshotLine.init)) }
      for line in manifests.map(SnapshotLine.init) { Output.line(line.text) }
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
      let (repository, chain) = try access.open(try BackupHost.paths(options))
      let head = try BackupHost.head(chain, snapshot)
      let manifest = try repository.manifest(head)
      if options.format == .json { return try Output.json(manifest) }
      for file in manifest.files {
        Output.line(
          "\(file.mode) \(file.size) \(VisibleText.escape(file.path))"
            + (file.isTorn ? "  (changed while it was read)" : ""))
      }
    }
  }
}

/// A snapshot in a list.
struct SnapshotLine: Encodable {
  let sequence: Int
  let finished: Date
  let appliance: String?
  let commit: String?
  let files: Int
  let size: Int
  let skipped: Int

  init(_ manifest: BackupManifest) {
    (sequence, finished) = (manifest.sequence, manifest.finished)
    (appliance, commit) = (manifest.appliance, manifest.commit)
    (files, size) = (manifest.files.count, manifest.files.reduce(0) { $0 + $1.size })
    skipped = manifest.skipped.count
  }

  var text: String {
    "\(sequence)  \(finished.ISO8601Format())  \(VisibleText.escape(appliance ?? "-"))  "
      + "\(VisibleText.escape(String((commit ?? "-").prefix(12))))  \(files) files  \(ByteText.of(size))"
      + (skipped > 0 ? "  \(skipped) left out" : "")
  }
}

/// Sizes for people.
enum ByteText {
  static func of(_ bytes: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var (value, unit) = (Double(bytes), 0)
    while value >= 1_024, unit < units.count - 1 { (value, unit) = (value / 1_024, unit + 1) }
    let tenths = Int((value * 10).rounded())
    return unit == 0 ? "\(bytes) B" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }
}

/// The host of a backup command.
enum BackupHost {
  static func paths(_ options: GlobalOptions) throws -> AppliancePaths {
    try RootRefusal.require(environment: ProcessEnvironment.settings)
    HostTomb.protectMemory()
    return try options.paths
  }

  static func head(_ chain: HeadChain, _ snapshot: Int?) throws -> BackupHead {
    let wanted = snapshot ?? chain.heads.count
    guard wanted >= 1, wanted <= chain.heads.count else {
      throw ApplianceError(
        .backupRepository,
        chain.heads.isEmpty ? "the repository has no snapshot" : "there is no snapshot \(wanted)",
        hint: "kafclaw backup list")
    }
    return chain.heads[wanted - 1]
  }

  /// Nothing but a running appliance opens its own database.
  static func capture(_ paths: AppliancePaths, to copy: String) async throws {
    if let client = try ControlClient.ofRunningAppliance(paths) {
      _ = try await client.post(
        ControlRoutes.capture, ControlRequest(), as: TimelineReport.self)
      return
    }
    let lock = try FileLock(acquiring: paths.lock, purpose: "kafclaw backup")
    try TimelineCapture.copyStopped(paths.timelineFile, to: copy)
    _ = consume lock
  }
}
