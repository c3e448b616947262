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

extension AuditCommand {
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

  /// `kafclaw audit prove-since`.
  struct ProveSince: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "prove-since",
      abstract: "Prove that the log continues what it was at an older checkpoint.",
      discussion: """
        Prints JSON with a new checkpoint, to be kept elsewhere in the older one's place and checked \
        with kafclaw audit check-proof. Fails when the log does not continue the older one.
        """)

    @Argument(help: "The older checkpoint (kafclaw audit checkpoint --output json).")
    var file: String

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let older = try CheckpointFile.read(file)
      let audit = HostAudit(try options.paths)
      let tomb = try CommandTomb.store(options)
      let key = try audit.checkpointKey(tomb)
      try audit.trail.seal(at: Date())
      try Output.json(
        try AuditArchive(audit.files).consistencyProof(since: older, at: Date(), by: key))
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
      commandName: "check-proof",
      abstract: "Check a proof of `kafclaw audit explain` or `prove-since`, anywhere.",
      discussion: """
        Says which of both it is: of a record, or of consistency. Needs nothing of the host it comes \
        from but its public key.
        """)

    @Argument(help: "The file.")
    var file: String

    @Option(help: "Public key of the host's checkpoints (kafclaw audit checkpoint).")
    var key: String

    @Option(help: "The older checkpoint as it was kept: a proof of consistency must begin with it.")
    var since: String?

    @OptionGroup var options: GlobalOptions

    func run() throws {
      let bytes = try DurableFile.read(file, limit: CheckpointFile.limit)
      let kept = try since.map { try CheckpointFile.read($0) }
      switch try ApplianceJSON.decode(AuditEvidence.self, from: bytes) {
      case .record(let proof):
        guard kept == nil else { throw ValidationError("a proof of a record has no --since") }
        let event = try proof.verified(by: key)
        guard options.format != .json else { return try Output.json(CheckedProof(event)) }
        AuditText.show(proof, event)
      case .consistency(let proof):
        let added = try proof.verified(by: key)
        guard kept == nil || kept == proof.from else {
          throw ApplianceError(
            .auditBroken, "the proof does not begin with the checkpoint in \(Quoted(since ?? ""))",
            hint: "kafclaw audit prove-since, on the host, with that file")
        }
        guard options.format != .json else { return try Output.json(CheckedProof(proof, added)) }
        AuditText.show(proof)
      }
    }
  }
}

/// Checkpoints that were kept.
enum CheckpointFile {
  /// Bytes.
  static let limit = 1 << 20

  static func read(_ path: String) throws -> AuditCheckpoint {
    let bytes = try DurableFile.read(path, limit: limit)
    do { return try ApplianceJSON.decode(AuditCheckpoint.self, from: bytes) } catch {
      throw ApplianceError(
        .malformed, "\(Quoted(path)) is not a checkpoint",
        hint: "kafclaw audit checkpoint --output json makes one")
    }
  }
}

/// What `check-proof --output json` prints.
private struct CheckedProof: Encodable {
  enum Kind: String, Encodable {
    case record
    case consistency
  }

  let formatVersion = 1
  let proof: Kind
  /// Of a record.
  let event: AuditEvent?
  /// Of consistency.
  let from: AuditCheckpoint?
  let to: AuditCheckpoint?
  /// Lines that came between.
  let added: UInt64?

  init(_ event: AuditEvent) {
    (proof, self.event, from, to, added) = (.record, event, nil, nil, nil)
  }

  init(_ proof: AuditConsistencyProof, _ added: UInt64) {
    (self.proof, event) = (.consistency, nil)
    (from, to, self.added) = (proof.from, proof.to, added)
  }
}
