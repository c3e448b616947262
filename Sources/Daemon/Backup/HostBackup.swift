// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
public import Backup
import ControlAPI
public import DesiredState
public import DurableIO
import FoundationEssentials
import Glibc
import Reconciliation
import SodiumCrypto
import Timeline
import Tomb

/// The backups of a host, as commands make them.
public struct HostBackup: Sendable {
  /// Entries of the tomb: what opens the repositories of this host, and what signs its snapshots.
  private static let rootEntry = "kafclaw/backup-root"
  private static let signerEntry = "kafclaw/backup-signer"

  private let paths: AppliancePaths
  private let tomb: TombStore
  private let audit: HostAudit

  /// - Throws: `tomb.backend`.
  public init(_ paths: AppliancePaths, _ spec: TombSpec) throws {
    self.paths = paths
    tomb = try HostTomb.store(paths, spec)
    audit = HostAudit(paths)
  }

  /// Makes a repository, sealed to the recovery recipients of the tomb.
  ///
  /// - Throws: `tomb.missing`, `backup.key` when there is no recovery recipient.
  public func create(at path: String) throws -> BackupRepository {
    let recipients = try tomb.recoveryRecipients()
    guard !recipients.isEmpty else {
      throw ApplianceError(
        .backupKey, "the tomb has no recovery recipient: nobody could restore elsewhere",
        hint: "kafclaw tomb add-recipient")
    }
    let own = [paths.state, paths.configuration, paths.copies].map { $0 + "/" }
    guard let above = PrivateFolder.resolve(DurableFile.parentFolder(of: path)),
      !own.contains(where: { (above + "/").hasPrefix($0) })
    else {
      throw ApplianceError(
        .backupRepository, "\"\(path)\" is no place for a repository",
        hint: "a folder that exists, apart from what is backed up")
    }
    return try audit.privileged(.backup, on: "backup/\(name(path))", details: ["deed": "init"]) {
      try BackupRepository.create(
        at: path, root: try key(Self.rootEntry, "opens backup repositories"),
        signer: try signer(), recipients: recipients.map(\.publicKey), at: Date())
    }
  }

  public func open(_ path: String) throws -> BackupRepository {
    try BackupRepository(at: path, root: try known(Self.rootEntry))
  }

  /// What this host saw last of a repository.
  public func knownHead(of repository: BackupRepository) throws -> KnownHead? {
    guard let bytes = try DurableFile.readIfPresent(record(repository), limit: 4_096) else {
      return nil
    }
    return try ApplianceJSON.decode(KnownHead.self, from: bytes)
  }

  /// Remembers the newest head that was seen.
  public func remember(_ head: KnownHead, of repository: BackupRepository) throws {
    try PrivateFolder.create(paths.copies)
    try DurableFile.replace(record(repository), with: try ApplianceJSON.encode(head))
  }

  /// - Parameter capture: Copies the database to a path; by whoever may open it.
  public func write(
    to repository: BackupRepository, capture: (String) async throws -> Void,
    progress: (_ files: Int, _ bytes: Int) -> Void
  ) async throws -> SnapshotReport {
    let subject = "backup/\(repository.id)"
    try audit.note(.backup, subject, .intent, ["deed": "create"])
    do {
      try PrivateFolder.create(paths.backupStaging)
      // One at a time on a host: they would take each other's copies.
      let lock = try FileLock(
        acquiring: paths.backupStaging + "/lock", purpose: "kafclaw backup create")
      let report = try await make(repository, capture, progress)
      _ = consume lock
      try remember(report.head, of: repository)
      try audit.note(
        .backup, subject, .done,
        [
          "deed": "create", "snapshot": "\(report.sequence)", "head": report.head.hash,
          "skipped": "\(report.skipped.count)",
        ])
      return report
    } catch {
      // `try?`: why it failed is worth more than that this could not be recorded.
      try? audit.note(
        .backup, subject, .failed,
        ["deed": "create", "error": ApplianceError.of(error).code.rawValue])
      throw error
    }
  }

  private func make(
    _ repository: BackupRepository, _ capture: (String) async throws -> Void,
    _ progress: (Int, Int) -> Void
  ) async throws -> SnapshotReport {
    var facts = SnapshotFacts(started: Date())
    let bundle = try BundleStore(paths).current()
    facts.appliance = bundle?.state.spec.appliance.name
    if let folder = bundle?.state.spec.agent.workspace,
      paths.agentFolder(folder) != paths.agentFolder("workspace")
    {
      facts.workspace = paths.agentFolder(folder)
    }
    facts.commit = try ReconcilerFiles(paths).appliedState().revisions.applied
    let staging = paths.backupStaging
    let copy = staging + "/timeline.db"
    let tombFiles = HostContents.tomb(paths)
    defer { for file in [copy] + tombFiles.map({ staging + "/" + $0.copy }) { unlink(file) } }
    var contents = BackupContents()
    // Key slots, entries and record of one moment: of two they would not fit each other.
    try tomb.withoutChanges {
      for file in tombFiles {
        guard let bytes = try DurableFile.readIfPresent(file.source, limit: 64 << 20) else {
          continue
        }
        try DurableFile.replace(staging + "/" + file.copy, with: bytes)
        contents.add(
          BackupContents.Item(
            path: file.path, source: staging + "/" + file.copy, isRequired: true))
      }
    }
    HostContents.addConfiguration(paths, to: &contents)
    if try HostContents.isThere(paths.timelineFile) {
      try await capture(copy)
      let found = try TimelineCapture.facts(path: copy)
      facts.database = BackupManifest.Database(
        path: HostContents.timeline, userVersion: found.userVersion,
        applicationID: found.applicationID, pageSize: found.pageSize,
        pageCount: found.pageCount, rows: found.rows)
      contents.add(
        BackupContents.Item(
          path: HostContents.timeline, source: copy, isDatabase: true, isRequired: true))
    }
    // After the database: what that remembers of the log has to be in the log. Before anything was
    // applied the workspace is where it is by default.
    HostContents.addState(paths, bundle?.state.spec ?? ApplianceSpec(), to: &contents)
    return try SnapshotWriter.write(
      contents, facts, to: repository, signer: try signer(),
      known: try knownHead(of: repository), now: { Date() }, progress: progress)
  }

  private func record(_ repository: BackupRepository) -> String {
    "\(paths.copies)/backup-\(repository.id).seen"
  }

  private func name(_ path: String) -> String {
    String(path.split(separator: "/").last ?? "repository")
  }

  private func signer() throws -> SigningKey {
    try SigningKey(seed: try key(Self.signerEntry, "signs backups"))
  }

  /// A key of the tomb; made when it is first asked for.
  private func key(_ entry: String, _ purpose: String) throws -> SecretKey {
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

/// What of a host goes into its backups, and where it comes back to.
public enum HostContents {
  static let timeline = "state/timeline.db"

  /// The files of the tomb, which are copied together: path in the snapshot, on the host, and name of
  /// the copy.
  static func tomb(_ paths: AppliancePaths) -> [(path: String, source: String, copy: String)] {
    [
      ("configuration/tomb.rr", paths.tombFile, "tomb.rr"),
      ("state/tomb/entries.sealed", paths.tombEntries, "entries.sealed"),
      ("trust/tomb.seen", paths.tombRecord, "tomb.seen"),
    ]
  }

  static func addConfiguration(_ paths: AppliancePaths, to contents: inout BackupContents) {
    for (name, file) in [
      ("configuration/appliance.yaml", paths.bootstrapFile),
      ("trust/audit.origin", paths.auditOrigin),
      ("trust/audit.anchor", paths.auditAnchor),
      ("trust/source-trust.json", paths.sourceTrustCopy),
      ("state/config.json", paths.renderedConfiguration),
      ("state/exposures.json", paths.exposures),
    ] {
      contents.add(BackupContents.Item(path: name, source: file))
    }
  }

  static func addState(
    _ paths: AppliancePaths, _ spec: ApplianceSpec, to contents: inout BackupContents
  ) {
    contents.addFolder("state/reconciler", from: paths.reconciler) { !isTemporary($0) }
    contents.addFolder("state/source.git", from: paths.clone) { !isTemporary($0) }
    contents.addFolder("workspace", from: paths.agentFolder(spec.agent.workspace)) {
      !isTemporary($0)
    }
    contents.addFolder("state/audit", from: paths.audit) {
      !isTemporary($0) && !$0.hasSuffix("/lock")
    }
  }

  /// - Throws: When that cannot be told: what is not seen is not absent.
  static func isThere(_ path: String) throws -> Bool {
    if access(path, F_OK) == 0 { return true }
    guard errno == ENOENT else { throw ApplianceError.system("examine", path) }
    return false
  }

  private static func isTemporary(_ path: String) -> Bool {
    Leftovers.isTemporary(String(path.split(separator: "/").last ?? ""))
  }

  /// Where a path of a snapshot lies below the home that it is restored to.
  public static func place(_ path: String) -> String {
    for (root, folder) in [
      ("state", ".kafclaw"), ("configuration", ".config/kafclaw"), ("trust", ".config/kafclaw"),
      ("workspace", ".kafclaw/workspace"),
    ] {
      if path == root { return folder }
      if path.hasPrefix(root + "/") { return folder + path.dropFirst(root.count) }
    }
    return path
  }
}
