// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
public import Backup
import DesiredState
public import DurableIO
import Glibc
import Timeline

/// What of a host goes into its backups, and where it comes back to.
public enum HostContents {
  public static let timeline = "state/timeline.db"

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
    // Logs that were put aside: what is suspected of them is a reason to keep them. Those of skills lie below.
    let place = DurableFile.parentFolder(of: paths.audit)
    contents.addFolders("state", beginning: "audit.until-", in: place) { !isTemporary($0) }
    contents.addFolder("state/skills", from: paths.skills) { path in
      !isTemporary(path) && !path.hasPrefix("state/skills/audit/")
    }
    contents.addFolder("workspace", from: paths.agentFolder(spec.agent.workspace)) {
      !isTemporary($0)
    }
  }

  /// - Throws: When that cannot be told: what is not seen is not absent.
  static func isThere(_ path: String) throws -> Bool {
    if access(path, F_OK) == 0 { return true }
    guard errno == ENOENT else { throw ApplianceError.system("examine", path) }
    return false
  }

  static func isTemporary(_ path: String) -> Bool {
    Leftovers.isTemporary(String(path.split(separator: "/").last ?? ""))
  }

  /// Where the roots of a snapshot belong on a host: each root, and its folder.
  public static func folders(
    _ manifest: BackupManifest, _ paths: AppliancePaths
  ) -> [(root: String, folder: String)] {
    [
      ("state", paths.state), ("configuration", paths.configuration), ("trust", paths.copies),
      ("workspace", manifest.workspace ?? paths.agentFolder("workspace")),
    ]
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

/// A log of a host as it goes into a backup.
struct CapturedLog {
  /// In the snapshot, and on the host.
  let path: String
  let folder: String
  /// What lies apart from it.
  let pins: [String]
  /// Of the names of copies.
  let prefix: String

  static func appliance(_ paths: AppliancePaths) -> CapturedLog {
    CapturedLog(
      path: "state/audit", folder: paths.audit, pins: [paths.auditOrigin, paths.auditAnchor],
      prefix: "")
  }

  static func skills(_ paths: AppliancePaths) -> CapturedLog {
    CapturedLog(
      path: "state/skills/audit", folder: paths.skillsAudit,
      pins: [paths.skillsAuditOrigin, paths.skillsAuditAnchor], prefix: "skills-")
  }
}

/// Copies that a backup reads from while it runs.
struct BackupStaging {
  private let paths: AppliancePaths
  var timeline: String { paths.backupStaging + "/timeline.db" }

  init(_ paths: AppliancePaths) { self.paths = paths }

  /// Only while nobody changes the tomb.
  func copyTomb(to contents: inout BackupContents) throws {
    for file in HostContents.tomb(paths) {
      guard let bytes = try DurableFile.readIfPresent(file.source, limit: 64 << 20) else {
        continue
      }
      let copy = paths.backupStaging + "/" + file.copy
      try DurableFile.replace(copy, with: bytes)
      contents.add(BackupContents.Item(path: file.path, source: copy, isRequired: true))
    }
  }

  /// Takes an audit log as it was captured, and whatever else lies beside it.
  func addAudit(
    _ capture: AuditCapture, of log: CapturedLog, to contents: inout BackupContents
  ) throws {
    let folder = log.path
    var taken = Set(["\(folder)/lock"])
    for segment in capture.segments {
      let path = "\(folder)/\(Self.name(segment.path))"
      contents.add(
        BackupContents.Item(
          path: path, source: segment.path, isRequired: true, length: segment.length))
      taken.insert(path)
    }
    for whole in capture.wholes {
      let isPinned = log.pins.contains(whole.path)
      let path = "\(isPinned ? "trust" : folder)/\(Self.name(whole.path))"
      let copy = "\(paths.backupStaging)/\(log.prefix)\(Self.name(whole.path))"
      try DurableFile.replace(copy, with: whole.bytes)
      contents.add(BackupContents.Item(path: path, source: copy, isRequired: true))
      taken.insert(path)
    }
    contents.addFolder(folder, from: log.folder) {
      !taken.contains($0) && !HostContents.isTemporary($0)
    }
  }

  private static func name(_ path: String) -> String {
    String(path.split(separator: "/").last ?? "")
  }

  /// Checks the copy of the timeline and counts what is in it.
  func addTimeline(to contents: inout BackupContents) async throws -> BackupManifest.Database {
    let copy = timeline
    let found = try await BlockingWork.run("backup-count", isInBackground: true) {
      try TimelineCapture.facts(path: copy)
    }
    contents.add(
      BackupContents.Item(
        path: HostContents.timeline, source: copy, isDatabase: true, isRequired: true))
    return BackupManifest.Database(
      path: HostContents.timeline, userVersion: found.userVersion,
      applicationID: found.applicationID, pageSize: found.pageSize,
      pageCount: found.pageCount, rows: found.rows)
  }

  func clear() {
    let names =
      HostContents.tomb(paths).map(\.copy)
      + ["sealing.key", "audit.origin", "audit.anchor", "timeline.db"]
      + ["sealing.key", "skills-audit.origin", "skills-audit.anchor"].map { "skills-" + $0 }
    for name in names { unlink("\(paths.backupStaging)/\(name)") }
  }
}
