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
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "What was decided and done, and proof of it.",
    subcommands: [
      Verify.self, Show.self, Checkpoint.self, Explain.self, CheckProof.self, BeginAnew.self,
    ])

  /// `kafclaw audit verify`.
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Check every line of the log.",
      discussion: """
        Exit code 0 when it is intact, 1 when it is not: file, line and kind of damage are named. \
        Lines after the last seal could still be changed by somebody with this host's present key; \
        their number is told.
        """)

    @Option(help: "Public key of the first seal, when it is known from elsewhere.")
    var origin: String?

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let paths = try options.paths
      var verifier = AuditVerifier(
        AuditFiles(paths), publicKey: try origin.map { try PublicKeyText.bytes($0) })
      let verdict = try verifier.verify()
      if options.format == .json {
        try Output.json(verdict)
      } else {
        for finding in verdict.findings {
          Output.line(
            "\(finding.file): line \(finding.sequence): \(finding.damage.rawValue): "
              + finding.message)
        }
        Output.line(
          "\(verdict.isIntact ? "intact" : "broken"): \(verdict.lines) lines, \(verdict.seals) seals"
            + ", \(verdict.unsealed) lines not sealed yet")
      }
      guard verdict.isIntact else { throw CommandExit(code: 1) }
    }
  }

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

    @OptionGroup var options: GlobalOptions

    func validate() throws {
      guard (1...10_000).contains(limit) else { throw ValidationError("--limit is 1 to 10000") }
    }

    func run() throws {
      let audit = HostAudit(try options.paths)
      try RootRefusal.require(environment: ProcessEnvironment.settings)
      let entries = try AuditArchive(audit.files).newest(limit) { event in
        (kind == nil || event.kind.rawValue == kind)
          && (outcome == nil || event.outcome.rawValue == outcome)
      }
      if options.format == .json {
        try Output.json(entries)
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
      commandName: "begin-anew", abstract: "Put a broken log aside and begin another one.")

    @Option(help: "Why; recorded.")
    var reason: String

    @OptionGroup var options: GlobalOptions

    func run() throws {
      try RootRefusal.require(environment: ProcessEnvironment.settings)
      let audit = HostAudit(try options.paths)
      let old = try audit.trail.beginAnew(
        reason: reason, by: HostAudit.operatorName, at: Date())
      guard options.format != .json else {
        return try Output.json(["formatVersion": "1", "old": old])
      }
      Output.line("a new log is begun; the old one is in \(old)")
    }
  }
}
