// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ArgumentParser
import AuditLog
import Daemon
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
}
