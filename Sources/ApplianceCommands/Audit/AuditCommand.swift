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
      if try !audit.files.isEmpty { try audit.note(.read, "audit", .done) }
      guard options.format != .json else { return try Output.json(entries) }
      for entry in entries { Output.line(AuditText.line(entry)) }
    }
  }

  /// `kafclaw audit checkpoint`.
  struct Checkpoint: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "checkpoint", abstract: "Sign what the log is now.",
      discussion: "Keep it elsewhere: a later log that does not contain it was tampered with. The "
        + "key is made with the first checkpoint and kept in the tomb.")

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let audit = HostAudit(try options.paths)
      let tomb = try CommandTomb.store(options)
      let key = try audit.checkpointKey(tomb)
      try audit.trail.seal(at: Date())
      let checkpoint = try AuditArchive(audit.files).checkpoint(at: Date(), by: key)
      guard options.format != .json else { return try Output.json(checkpoint) }
      Output.line("lines     \(checkpoint.size)")
      Output.line("root      \(checkpoint.root)")
      Output.line("time      \(checkpoint.at.formatted(.iso8601))")
      Output.line("key       \(checkpoint.publicKey)")
      Output.line("signature \(checkpoint.signature)")
    }
  }

  /// `kafclaw audit explain`.
  struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "explain", abstract: "Show one record with the proof that it is in the log.",
      discussion: "With --output json the proof can be checked anywhere: kafclaw audit check-proof."
    )

    @Argument(help: "Id of the record, or the number of its line.")
    var id: String

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let audit = HostAudit(try options.paths)
      let tomb = try CommandTomb.store(options)
      let key = try audit.checkpointKey(tomb)
      let proof = try AuditArchive(audit.files).proof(of: id, at: Date(), by: key)
      let event = try proof.verified(by: Hexadecimal.encode(key.publicKey))
      try audit.note(.read, "audit/\(event.id)", .done)
      guard options.format != .json else { return try Output.json(proof) }
      AuditText.show(proof, event)
    }
  }

  /// `kafclaw audit check-proof`.
  struct CheckProof: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check-proof", abstract: "Check a proof of `kafclaw audit explain`, anywhere.",
      discussion: "Needs nothing of the host it comes from but its public key.")

    @Argument(help: "The file.")
    var file: String

    @Option(help: "Public key of the host's checkpoints (kafclaw audit checkpoint).")
    var key: String

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let bytes = try DurableFile.read(file, limit: 1 << 20)
      let proof = try ApplianceJSON.decode(AuditProof.self, from: bytes)
      let event = try proof.verified(by: key)
      guard options.format != .json else { return try Output.json(event) }
      AuditText.show(proof, event)
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

/// Records as people read them.
enum AuditText {
  static func line(_ entry: AuditArchive.Entry) -> String {
    let event = entry.event
    var parts = [
      String(entry.sequence), event.at.formatted(.iso8601), event.kind.rawValue,
      event.outcome.rawValue, "by \(VisibleText.escape(event.actor))",
      "on \(VisibleText.escape(event.subject))",
    ]
    if let rule = event.rule { parts.append("rule \(VisibleText.escape(rule))") }
    if let commit = event.commit { parts.append("commit \(commit.prefix(12))") }
    for (key, value) in event.details.sorted(by: { $0.key < $1.key }) {
      parts.append("\(VisibleText.escape(key))=\(VisibleText.escape(value))")
    }
    return parts.joined(separator: "  ") + "  [\(event.id)]"
  }

  static func show(_ proof: AuditProof, _ event: AuditEvent) {
    let rows: [(String, String?)] = [
      ("record", event.id), ("line", String(proof.sequence)),
      ("time", event.at.formatted(.iso8601)), ("what", event.kind.rawValue),
      ("outcome", event.outcome.rawValue), ("by", event.actor), ("on", event.subject),
      ("rule", event.rule), ("commit", event.commit), ("trace", event.trace),
    ]
    for (name, value) in rows {
      if let value { Output.line("\(name): \(VisibleText.escape(value))") }
    }
    for (key, value) in event.details.sorted(by: { $0.key < $1.key }) {
      Output.line("  \(VisibleText.escape(key)): \(VisibleText.escape(value))")
    }
    Output.line(
      "proof: line \(proof.sequence) of \(proof.checkpoint.size), signed "
        + "\(proof.checkpoint.at.formatted(.iso8601)) by \(proof.checkpoint.publicKey)")
  }
}

/// Public keys on the command line.
enum PublicKeyText {
  static func bytes(_ text: String) throws -> [UInt8] {
    guard let bytes = Hexadecimal.decode(text), bytes.count == Ed25519.keyBytes else {
      throw ApplianceError(
        .malformed, "\(Quoted(text)) is not a public key", hint: "64 hexadecimal digits")
    }
    return bytes
  }
}
