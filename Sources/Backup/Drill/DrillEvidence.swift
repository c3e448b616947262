// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
public import FoundationEssentials

/// What a drill saw: a snapshot was restored where nothing else is, and the appliance ran from it.
public struct DrillEvidence: Sendable, Codable, Equatable {
  /// One thing that was compared.
  public struct Check: Sendable, Codable, Equatable {
    public let name: String
    public let expected: String
    public let found: String

    public init(_ name: String, expected: String, found: String) {
      (self.name, self.expected, self.found) = (name, expected, found)
    }

    public var isRight: Bool { expected == found }
  }

  public struct Phase: Sendable, Codable, Equatable {
    public let name: String
    public let milliseconds: Int

    public init(_ name: String, milliseconds: Int) {
      (self.name, self.milliseconds) = (name, milliseconds)
    }
  }

  /// Where a drill took place.
  public enum Root: String, Sendable, Codable {
    /// A root of its own, made by bubblewrap: the system's programs, this one, the repository.
    case bubblewrap
  }

  /// The snapshot that was restored.
  public struct Snapshot: Sendable, Codable, Equatable {
    public let number: Int
    public let finished: Date
    /// Of the program that made it.
    public let version: String
    public let appliance: String?
    public let commit: String?
    /// Which host made it, as ``DrillEvidence/drillHost`` tells which one tried it.
    public let host: String?
    public let files: Int
    /// Bytes.
    public let size: Int

    public init(_ manifest: BackupManifest) {
      (number, finished, version) = (manifest.sequence, manifest.finished, manifest.version)
      (appliance, commit, host) = (manifest.appliance, manifest.commit, manifest.host)
      (files, size) = (manifest.files.count, manifest.size)
    }
  }

  /// What is to be seen in every drill. One that saw less did not pass.
  public static let needed = [
    "repository.records", "files.content", "timeline.intact", "timeline.rows", "audit.chain",
    "tomb.intact", "plan", "status", "authenticate", "authenticate.wrong-token", "chat",
    "control.flipped-bit", "control.missing-pack",
  ]

  public let formatVersion: Int
  public let root: Root
  /// What there is at the top of that root.
  public let entries: [String]
  public let drillHost: String
  public let program: String
  /// SHA-256 of the program.
  public let programHash: String
  public let repository: String
  /// Who writes the repository.
  public let writer: String
  /// The newest head that was seen.
  public let head: String
  public let snapshot: Snapshot
  public let isByRecoveryKey: Bool
  /// What was another than on the host that made the snapshot.
  public let substitutions: [String]
  public let started: Date
  public let finished: Date
  /// From the first look at the repository to the answer of the restored appliance.
  public let recoveryMilliseconds: Int
  /// How old the snapshot was. Seconds.
  public let ageSeconds: Int
  public let phases: [Phase]
  public let checks: [Check]

  public init(
    _ findings: DrillFindings, snapshot: Snapshot, drillHost: String, isByRecoveryKey: Bool
  ) {
    formatVersion = 1
    (root, entries, self.drillHost) = (.bubblewrap, findings.entries, drillHost)
    (program, programHash) = (ApplianceVersion.current, findings.programHash)
    (repository, writer, head) = (findings.repository, findings.writer, findings.head)
    (self.snapshot, self.isByRecoveryKey) = (snapshot, isByRecoveryKey)
    substitutions = findings.substitutions
    (started, finished) = (findings.started, findings.finished)
    recoveryMilliseconds = findings.recoveryMilliseconds
    ageSeconds = max(0, Int(findings.started.timeIntervalSince(snapshot.finished)))
    (phases, checks) = (findings.phases, findings.checks)
  }

  /// Checks that are needed and were not made.
  public var missing: [String] {
    let made = Set(checks.map(\.name))
    return Self.needed.filter { !made.contains($0) }
  }

  public var isPassed: Bool { missing.isEmpty && checks.allSatisfy(\.isRight) }

  /// The first thing that is wrong, in one line.
  public var problem: String? {
    if let wrong = checks.first(where: { !$0.isRight }) {
      return "\(wrong.name): expected \(wrong.expected), found \(wrong.found)"
    }
    return missing.first.map { "\($0) was not looked at" }
  }
}

/// What the steps of a drill gather.
public struct DrillFindings: Sendable, Codable {
  public var entries: [String] = []
  public var programHash = ""
  public var repository = ""
  public var writer = ""
  public var head = ""
  public var snapshot: DrillEvidence.Snapshot?
  public var substitutions: [String] = []
  public var started: Date
  public var finished: Date
  public var recoveryMilliseconds = 0
  public var phases: [DrillEvidence.Phase] = []
  public var checks: [DrillEvidence.Check] = []

  public init(at now: Date) { (started, finished) = (now, now) }
}
