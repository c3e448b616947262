// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import AuditLog
import Daemon
import DesiredState
import DurableIO
import Foundation
import SodiumCrypto

/// `kafclaw audit`.
struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "What was decided and done, and proof of it.",
    subcommands: [
      Verify.self, Show.self, Checkpoint.self, ProveSince.self, Explain.self, CheckProof.self,
      BeginAnew.self,
    ])

  /// `kafclaw audit show`.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show the newest records.",
      discussion: "Reading is recorded too.")

    @Option(help: "How many.")
    var limit = 20

    @Option(help: "Only this kind, such as reconcile.apply.")
    var kind: String?

    @Option(help: "Only this outcome: intent, done, denied, failed.")
    var outcome: String?

    @Option(help: "Which log: appliance, skills.")
    var log = AuditLogName.appliance

    @OptionGroup var options: GlobalOptions

    func validate() throws {
      guard (1...10_000).contains(limit) else { throw ValidationError("--limit is 1 to 10000") }
    }

    func run() throws {
      let audit = HostAudit(try options.paths)
      try RootRefusal.require(environment: ProcessEnvironment.settings)
      let entries = try AuditArchive(log.files(try options.paths)).newest(limit) { event in
        (kind == nil || event.kind.rawValue == kind)
          && (outcome == nil || event.outcome.rawValue == outcome)
      }
      if options.format == .json {
        try Output.json(versioned: ["records": entries])
      } else {
        for entry in entries { Output.line(AuditText.line(entry)) }
      }
      // Last: a log that is broken or cannot be written can still be read.
      if try audit.files.isBegun { try audit.note(.read, "audit", .done) }
    }
  }

  /// `kafclaw audit begin-anew`.
  struct BeginAnew: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "begin-anew", abstract: "Put a log aside, as a broken one, and begin another.",
      discussion: "Backups and evidence go on to hold what was put aside.")

    @Option(help: "Why; recorded.")
    var reason: String

    @Option(help: "Which log: appliance, skills.")
    var log = AuditLogName.appliance

    @OptionGroup var options: GlobalOptions

    func run() throws {
      try RootRefusal.require(environment: ProcessEnvironment.settings)
      let trail = AuditTrail(log.files(try options.paths))
      let old = try trail.beginAnew(
        reason: reason, by: HostAudit.operatorName, at: Date())
      guard options.format != .json else {
        return try Output.json(members: ["old": .string(old)])
      }
      Output.line("a new log is begun; the old one is in \(old)")
    }
  }
}

/// The logs of a host.
enum AuditLogName: String, ExpressibleByArgument, CaseIterable {
  /// What the appliance decided and did.
  case appliance
  /// Installations of skills, and what skills did.
  case skills

  func files(_ paths: AppliancePaths) -> AuditFiles {
    switch self {
    case .appliance: AuditFiles(paths)
    case .skills: HostAudit.skillFiles(paths)
    }
  }
}
