// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Glibc

/// Every path of the appliance. Nothing else builds one.
public struct AppliancePaths: Sendable, Equatable {
  /// What stands for `~`.
  public let home: String
  /// State: `~/.kafclaw`, `/var/lib/kafclaw`.
  public let state: String
  /// Host-local configuration: `~/.config/kafclaw`, `/etc/kafclaw`.
  public let configuration: String
  /// Sockets and locks: `~/.kafclaw/run`, `/run/kafclaw`.
  public let runtime: String
  /// Second copies of what must outlive the state home: `~/.config/kafclaw`,
  /// `/var/lib/kafclaw-trust`.
  public let copies: String

  /// The layout of one user: everything below `home`.
  public static func user(home: String) -> AppliancePaths {
    AppliancePaths(
      home: home, state: home + "/.kafclaw", configuration: home + "/.config/kafclaw",
      runtime: home + "/.kafclaw/run", copies: home + "/.config/kafclaw")
  }

  /// The layout of the Debian package.
  public static let system = AppliancePaths(
    home: systemHome, state: systemHome, configuration: "/etc/kafclaw", runtime: "/run/kafclaw",
    copies: "/var/lib/kafclaw-trust")

  /// The home folder of the package's service user.
  public static let systemHome = "/var/lib/kafclaw"

  /// Chooses the layout: `explicit` (from `--home`), else `KAFCLAW_HOME`, else the home folder of
  /// the effective user, which is the system layout for the package's service user. Root, and whoever
  /// has no appliance of their own, mean the package's where there is one.
  ///
  /// - Throws: `io.unsafe` for a home that is not an absolute path, or when there is none.
  public static func resolve(
    explicit: String?, environment: [String: String]
  ) throws -> AppliancePaths {
    if let chosen = explicit ?? environment["KAFCLAW_HOME"], !chosen.isEmpty {
      return .user(home: try absolute(chosen))
    }
    guard let entry = getpwuid(geteuid()), let folder = entry.pointee.pw_dir else {
      throw ApplianceError(
        .fileUnsafe, "user \(geteuid()) has no home folder", hint: "pass --home DIR")
    }
    let home = String(cString: folder)
    if home == systemHome { return .system }
    let own = AppliancePaths.user(home: try absolute(home))
    let hasOwn = access(own.configuration, F_OK) == 0 || access(own.state, F_OK) == 0
    let isPackaged = access(system.configuration, F_OK) == 0
    return isPackaged && (!hasOwn || geteuid() == 0) ? .system : own
  }

  private static func absolute(_ path: String) throws -> String {
    var folder = path
    if !folder.hasPrefix("/") {
      guard let current = getcwd(nil, 0) else { throw ApplianceError.system("resolve", path) }
      defer { free(current) }
      folder = String(cString: current) + "/" + folder
    }
    let parts = folder.split(separator: "/").filter { $0 != "." }
    guard !parts.contains(".."), !folder.contains("\0") else {
      throw ApplianceError(
        .fileUnsafe, "home \"\(path)\" must not contain \"..\"", hint: "pass an absolute path")
    }
    return "/" + parts.joined(separator: "/")
  }
}

extension AppliancePaths {
  public var bootstrapFile: String { configuration + "/appliance.yaml" }
  public var environmentFile: String { configuration + "/env" }
  /// Held by whoever of the program changes the `env` file.
  public var environmentLock: String { state + "/env.lock" }
  /// Files in which other gateways look for variables.
  public var otherEnvironmentFiles: [String] {
    [".kafclaw/.env", ".kafclaw/env", ".config/openclaw/env", ".openclaw/.env"].map {
      home + "/" + $0
    }
  }
  /// Secrets that are files, beside those of the service manager.
  public var credentials: String { configuration + "/credentials" }
  /// The key slots of the tomb.
  public var tombFile: String { configuration + "/tomb.rr" }
  /// The sealed entries of the tomb.
  public var tombEntries: String { state + "/tomb/entries.sealed" }
  public var tombLock: String { state + "/tomb/lock" }
  /// What the tomb was last, apart from it.
  public var tombRecord: String { copies + "/tomb.seen" }
  /// The log of what was decided and done.
  public var audit: String { state + "/audit" }
  /// The public key of the audit log's first seal, apart from the log.
  public var auditOrigin: String { copies + "/audit.origin" }
  /// Where the audit log stood at its last seal, apart from it.
  public var auditAnchor: String { copies + "/audit.anchor" }
  /// Secrets that were seen in messages.
  public var exposures: String { state + "/exposures.json" }
  /// Copies that a backup reads from, and what checks and drills restore, while they run.
  public var backupStaging: String { state + "/backup-staging" }
  /// What became of backups, their checks and drills.
  public var backup: String { state + "/backup" }
  public var backupRecord: String { backup + "/record.json" }
  /// Signed reports of drills.
  public var backupEvidence: String { backup + "/evidence" }
  /// Everything of skills.
  public var skills: String { state + "/skills" }
  /// The skills of this host, each below its digest.
  public var skillPackages: String { skills + "/packages" }
  /// Which of them the desired state exposes: a file for each, with its digest.
  public var skillsExposed: String { skills + "/exposed" }
  /// The log of installations and of what skills did.
  public var skillsAudit: String { skills + "/audit" }
  /// As ``auditOrigin`` and ``auditAnchor``, of that log.
  public var skillsAuditOrigin: String { copies + "/skills-audit.origin" }
  public var skillsAuditAnchor: String { copies + "/skills-audit.anchor" }
  public var timelineFile: String { state + "/timeline.db" }
  /// The effective configuration, without secrets, as people and backups read it.
  public var renderedConfiguration: String { state + "/config.json" }
  public var reconciler: String { state + "/reconciler" }
  public var appliedState: String { reconciler + "/applied.json" }
  /// The desired state that was applied last, whole: drift is corrected to it without git.
  public var bundle: String { reconciler + "/bundle.json" }
  /// Earlier bundles, to go back to.
  public var bundles: String { reconciler + "/bundles" }
  public var journal: String { reconciler + "/journal.jsonl" }
  /// Holds, quarantine, the open attempt.
  /// What an operator ordered during an incident.
  public var incident: String { reconciler + "/incident.json" }
  public var loopState: String { reconciler + "/loop.json" }
  /// What was accepted from the source, so that it cannot be rewound.
  public var sourceTrust: String { reconciler + "/source-trust.json" }
  /// The same again, where it outlives the loss of the state home.
  public var sourceTrustCopy: String { copies + "/source-trust.json" }
  public var history: String { reconciler + "/history.jsonl" }
  /// The bare clone of the desired-state repository.
  public var clone: String { state + "/source.git" }
  /// Where a relative `agent.workspace` and `agent.workRepo` lie: with an agent that has a user of
  /// its own, in a home of that user, which the supervisor's group shares.
  public var agentFolders: String { isSystem ? "/var/lib/kafclaw-agent" : state }
  /// Whether this is the layout of the package.
  public var isSystem: Bool { self == .system }
  /// The modes of files, and of programs, that the agent shares with the supervisor.
  public var sharedFileModes: (file: UInt32, program: UInt32) {
    isSystem ? (0o660, 0o770) : (0o600, 0o700)
  }
  /// Where components that were not started by the supervisor connect.
  public var roleSockets: String { runtime + "/role" }
  public func roleSocket(_ role: String) -> String { "\(roleSockets)/\(role).sock" }
  public var controlSocket: String { runtime + "/control.sock" }
  public var lock: String { runtime + "/appliance.lock" }

  /// The folders that must exist before anything runs, parents first.
  public var folders: [String] { [state, runtime, reconciler, bundles] }

  /// Resolves a folder of the desired state: absolute as it is, `~/…` below the home, else below
  /// the state home.
  public func agentFolder(_ text: String) -> String {
    if text == "~" { return home }
    if text.hasPrefix("~/") { return home + text.dropFirst(1) }
    return text.hasPrefix("/") ? text : agentFolders + "/" + text
  }
}
