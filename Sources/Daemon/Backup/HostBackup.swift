// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
public import Backup
import ControlAPI
public import DesiredState
public import DurableIO
import FoundationEssentials
import Reconciliation
public import SodiumCrypto
import Timeline
import Tomb

/// The backups of a host, as commands make them.
public struct HostBackup: Sendable {
  /// Entries of the tomb: what opens the repositories of this host, and what signs its snapshots.
  private static let rootEntry = "kafclaw/backup-root"
  private static let signerEntry = "kafclaw/backup-signer"

  let paths: AppliancePaths
  private let tomb: TombStore
  private let audit: HostAudit
  var record: BackupRecordFile { BackupRecordFile(paths) }

  /// - Throws: `tomb.backend`.
  public init(_ paths: AppliancePaths, _ spec: TombSpec) throws {
    self.paths = paths
    tomb = try HostTomb.store(paths, spec)
    audit = HostAudit(paths)
  }

  /// Makes a repository, sealed to the recovery recipients of the tomb.
  ///
  /// - Throws: `tomb.missing`, `backup.key` when there is no recovery recipient.
  public func create(at location: RepositoryLocation) throws -> BackupRepository {
    let recipients = try tomb.recoveryRecipients()
    guard !recipients.isEmpty else {
      throw ApplianceError(
        .backupKey, "the tomb has no recovery recipient: nobody could restore elsewhere",
        hint: "kafclaw tomb add-recipient")
    }
    if case .folder(let path) = location { try Self.requireApart(path, paths) }
    return try audit.privileged(
      .backup, on: "backup/\(location.name)", details: ["deed": "init"]
    ) {
      try BackupRepository.create(
        in: location.storage(), root: try key(Self.rootEntry, "opens backup repositories"),
        signer: try signer(), recipients: recipients.map(\.publicKey), at: Date())
    }
  }

  /// Refuses a folder to make in what is backed up.
  public static func requireApart(_ path: String, _ paths: AppliancePaths) throws {
    let own = [paths.state, paths.configuration, paths.copies].map { $0 + "/" }
    guard !path.isEmpty,
      let above = PrivateFolder.resolve(DurableFile.parentFolder(of: path)),
      !own.contains(where: { (above + "/").hasPrefix($0) })
    else {
      throw ApplianceError(
        .backupRepository, "\"\(path)\" cannot be made there",
        hint: "name one in a folder that exists, apart from what is backed up")
    }
  }

  public func open(_ location: RepositoryLocation) throws -> BackupRepository {
    try BackupRepository(in: location.storage(), root: try known(Self.rootEntry))
  }

  /// What this host saw last of a repository.
  public func knownHead(of repository: BackupRepository) throws -> KnownHead? {
    let file = seen(repository)
    guard let bytes = try DurableFile.readIfPresent(file, limit: 4_096) else { return nil }
    do { return try ApplianceJSON.decode(KnownHead.self, from: bytes) } catch {
      throw ApplianceError(
        .backupDamaged,
        "\"\(file)\" cannot be read: whether the repository is an older one is not known",
        hint: "compare the head with one that you kept, then remove the file")
    }
  }

  /// Remembers the newest head that was seen.
  public func remember(_ head: KnownHead, of repository: BackupRepository) throws {
    try PrivateFolder.create(paths.copies)
    try DurableFile.replace(seen(repository), with: try ApplianceJSON.encode(head))
  }

  /// - Parameter capture: Copies the database to a path; by whoever may open it.
  public func write(
    to repository: BackupRepository, capture: (String) async throws -> Void,
    progress: @escaping @Sendable (_ files: Int, _ bytes: Int) -> Void = { _, _ in }
  ) async throws -> SnapshotReport {
    try await audit.privileged(
      .backup, on: "backup/\(repository.id)", details: ["deed": "create"]
    ) {
      try PrivateFolder.create(paths.backupStaging)
      // One at a time on a host: they would take each other's copies.
      let lock = try FileLock(
        acquiring: paths.backupStaging + "/lock", purpose: "kafclaw backup create")
      ScratchFolder.removeAbandoned(in: paths.backupStaging)
      let report = try await make(repository, capture, progress)
      _ = consume lock
      try remember(report.head, of: repository)
      return (
        report,
        [
          "snapshot": "\(report.sequence)", "head": report.head.hash,
          "skipped": "\(report.skipped.count)",
        ]
      )
    }
  }

  private func make(
    _ repository: BackupRepository, _ capture: (String) async throws -> Void,
    _ progress: @escaping @Sendable (Int, Int) -> Void
  ) async throws -> SnapshotReport {
    let staging = BackupStaging(paths)
    defer { staging.clear() }
    var facts = SnapshotFacts(started: Date())
    let bundle = try BundleStore(paths).current()
    (facts.host, facts.home) = (HostIdentity.hash, paths.home)
    facts.appliance = bundle?.state.spec.appliance.name
    if let folder = bundle?.state.spec.agent.workspace,
      paths.agentFolder(folder) != paths.agentFolder("workspace")
    {
      facts.workspace = paths.agentFolder(folder)
    }
    facts.commit = try ReconcilerFiles(paths).appliedState().revisions.applied
    var contents = BackupContents()
    // Key slots, entries and record of one moment: of two they would not fit each other.
    try tomb.withoutChanges { try staging.copyTomb(to: &contents) }
    HostContents.addConfiguration(paths, to: &contents)
    if try HostContents.isThere(paths.timelineFile) {
      try await capture(staging.timeline)
      facts.database = try await staging.addTimeline(to: &contents)
    }
    // After the database: what that remembers of the log has to be in the log.
    if let log = try audit.trail.capture(at: Date()) {
      facts.audit = log.anchor
      try staging.addAudit(log, of: .appliance(paths), to: &contents)
    }
    // `try?`: a log that is broken is kept as it lies.
    let skills = try? HostAudit.skills(paths).capture(at: Date())
    if let skills { try staging.addAudit(skills, of: .skills(paths), to: &contents) }
    // Before anything was applied the workspace is where it is by default.
    HostContents.addState(paths, bundle?.state.spec ?? ApplianceSpec(), to: &contents)
    let author = SnapshotAuthor(
      root: try known(Self.rootEntry), signer: try signer(),
      recipients: try tomb.recoveryRecipients().map(\.publicKey),
      known: try knownHead(of: repository),
      lost: try record.update { $0.damagedPacks(of: "\(repository.id)") })
    return try await BlockingWork.run("backup", isInBackground: true) { [contents, facts] in
      try SnapshotWriter.write(
        contents, facts, to: repository, by: author, now: { Date() }, progress: progress)
    }
  }

  /// Forgets what a rule does not keep, and removes what nothing needs any more.
  ///
  /// - Parameters:
  ///   - despiteShrink: Whether also after a snapshot that has much less in it.
  ///   - isDry: Whether to tell only.
  public func prune(
    _ repository: BackupRepository, _ rule: RetentionRule, despiteShrink: Bool = false,
    isDry: Bool = false
  ) async throws -> PruneReport {
    let signer = try signer()
    let known = try knownHead(of: repository)
    let reading =
      try isDry
      ? record.read().lastReading(of: "\(repository.id)")
      : record.update { $0.lastReading(of: "\(repository.id)") }
    let (verified, broken) = (reading?.snapshot, Set(reading?.broken ?? []))
    let run: @Sendable () throws -> PruneReport = {
      try RepositoryPrune.run(
        repository, rule, signer: signer, known: known, verified: verified, broken: broken,
        despiteShrink: despiteShrink, isDry: isDry, now: Date())
    }
    guard !isDry else { return try await BlockingWork.run("prune", run) }
    return try await audit.privileged(
      .backup, on: "backup/\(repository.id)", details: ["deed": "prune"]
    ) {
      let report = try await BlockingWork.run("prune", isInBackground: true, run)
      if let head = report.head { try remember(head, of: repository) }
      return (
        report,
        [
          "forgotten": report.forgotten.map(String.init).joined(separator: ","),
          "head": report.head?.hash ?? "",
        ]
      )
    }
  }

  private func seen(_ repository: BackupRepository) -> String {
    "\(paths.copies)/backup-\(repository.id).seen"
  }

  /// Who writes the repositories of this host, as ``BackupRepository/writer`` tells it.
  public func writer() throws -> String { Hexadecimal.encode(try signer().publicKey) }

  /// What opens the repositories of this host.
  public func rootKey() throws -> SecretKey { try known(Self.rootEntry) }

  func signer() throws -> SigningKey {
    try SigningKey(seed: try key(Self.signerEntry, "signs backups"))
  }

  /// A key of the tomb; made when it is first asked for.
  public func key(_ entry: String, _ purpose: String) throws -> SecretKey {
    do { return try known(entry) } catch let error as ApplianceError
      where error.code == .tombNoEntry
    {
      let made = try SecretKey.random()
      let value = made.withBytes { SecretValue(copying: $0) }
      try audit.privileged(.tombChange, on: "tomb:\(entry)") {
        try tomb.set(
          entry, value, EntryDetails(purpose: purpose, consumers: ["supervisor"]), at: Date())
      }
      return try known(entry)
    }
  }

  private func known(_ entry: String) throws -> SecretKey {
    try tomb.value(entry, for: "supervisor").withBytes { try SecretKey(copying: $0) }
  }
}
