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
import Reconciliation
import Timeline
import Tomb

/// How a command opens a repository.
struct RepositoryOptions: ParsableArguments {
  @Argument(help: "Folder of the repository, or its address.")
  var repository: String?

  @Flag(help: "Open it with the recovery key, read from standard input or asked for.")
  var recovery = false

  @Option(help: "Head that the repository must have grown from, as NUMBER:HASH.")
  var knownHead: String?

  @Option(help: "Who must have written it, as `backup init` printed.")
  var writer: String?

  /// - Parameter isLatestWanted: Whether it matters that there is nothing newer.
  func open(
    _ paths: AppliancePaths, isLatestWanted: Bool = true
  ) throws -> (BackupRepository, HeadChain) {
    let location = try BackupHost.location(repository, paths)
    let repository =
      try recovery ? openWithRecoveryKey(location) : BackupHost.host(paths).open(location)
    try repository.require(writer)
    let chain = try repository.heads()
    let known = try known(repository, paths)
    do { try chain.require(known) } catch let error as ApplianceError
      where error.code == .backupDamaged && !isLatestWanted
    {
      Output.note(error.message)
    }
    if !recovery, let newest = chain.newest, newest != known {
      try BackupHost.host(paths).remember(newest, of: repository)
    }
    if known == nil && writer == nil && recovery {
      Output.note(Self.unknown(repository))
    }
    return (repository, chain)
  }

  /// Whoever knows the recipient can make a repository that its recovery key opens.
  static func unknown(_ repository: BackupRepository) -> String {
    "nothing here tells whether this is your repository, and its newest state: compare its writer, "
      + "\(repository.writer), or pass --writer or --known-head"
  }

  private func openWithRecoveryKey(_ location: RepositoryLocation) throws -> BackupRepository {
    let storage = try location.storage()
    let root = try BackupRepository.root(in: storage, with: try BackupHost.recoveryKey().key)
    return try BackupRepository(in: storage, root: root)
  }

  /// What is passed, else what this host saw last.
  private func known(
    _ repository: BackupRepository, _ paths: AppliancePaths
  ) throws -> KnownHead? {
    if let knownHead { return try BackupHost.head(knownHead) }
    return try BackupHost.host(paths).knownHead(of: repository)
  }
}

/// The host of a backup command.
enum BackupHost {
  static func paths(_ options: GlobalOptions) throws -> AppliancePaths {
    try RootRefusal.require(environment: ProcessEnvironment.settings)
    HostTomb.protectMemory()
    return try options.paths
  }

  static func host(_ paths: AppliancePaths) throws -> HostBackup {
    try HostBackup(paths, try Bootstrap.orDefault(paths).tomb)
  }

  /// What the desired state in force says of backups.
  ///
  /// - Throws: `backup.repository` when it says nothing.
  static func declared(
    _ paths: AppliancePaths, hint: String = "name a repository, or declare `backup` and apply it"
  ) throws -> BackupSpec {
    guard let spec = try BundleStore(paths).current()?.state.spec.backup else {
      throw ApplianceError(
        .backupRepository, "the desired state in force declares no backup",
        hint: hint)
    }
    return spec
  }

  static func location(_ named: String?, _ paths: AppliancePaths) throws -> RepositoryLocation {
    let spec = try BundleStore(paths).current()?.state.spec.backup
    return try RepositoryLocation(
      try named ?? declared(paths).repository, declared: spec, paths,
      try Bootstrap.orDefault(paths).tomb)
  }

  static func recoveryText() throws -> SecretValue {
    try isatty(0) == 1
      ? TerminalPrompt.ask("Recovery key") : TerminalPrompt.standardInput(limit: 4_096)
  }

  static func recoveryKey() throws -> RecoveryKey { try RecoveryKey(try recoveryText()) }

  /// Reads a head that somebody kept.
  static func head(_ text: String) throws -> KnownHead {
    guard let head = KnownHead(text) else {
      throw ApplianceError(
        .malformed, "\"\(VisibleText.escape(String(text.prefix(100))))\" is not NUMBER:HASH",
        hint: "kafclaw backup list prints it")
    }
    return head
  }

  static func head(_ chain: HeadChain, _ snapshot: Int?) throws -> BackupHead {
    guard let snapshot else { return try chain.latest() }
    guard let head = chain.snapshot(snapshot) else {
      throw ApplianceError(
        .backupRepository, "there is no snapshot \(snapshot)", hint: "kafclaw backup list")
    }
    return head
  }

  /// Nothing but a running appliance opens its own database.
  static func capture(_ paths: AppliancePaths, to copy: String) async throws {
    if let client = try ControlClient.ofRunningAppliance(paths) {
      _ = try await client.post(
        ControlRoutes.capture, ControlRequest(), as: TimelineReport.self)
      return
    }
    try PrivateFolder.create(DurableFile.parentFolder(of: paths.lock))
    let lock = try FileLock(acquiring: paths.lock, purpose: "kafclaw backup")
    try TimelineCapture.copyStopped(paths.timelineFile, to: copy)
    _ = consume lock
  }
}
