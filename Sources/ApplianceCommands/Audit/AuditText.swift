// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import DesiredState
import Foundation
import SodiumCrypto

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

  static func show(_ verdict: AuditVerdict) {
    for finding in verdict.findings {
      Output.line(
        "\(finding.file): line \(finding.sequence): \(finding.damage.rawValue): "
          + VisibleText.escape(finding.message))
    }
    for note in verdict.notes { Output.line("note: \(VisibleText.escape(note))") }
    let word = verdict.isIntact ? "intact" : (verdict.isBroken ? "broken" : "not known")
    Output.line(
      "\(word): \(verdict.lines) lines, \(verdict.seals) seals"
        + ", \(verdict.unsealed) lines not sealed yet")
  }

  static func show(_ proof: AuditConsistencyProof) {
    for (name, checkpoint) in [("from", proof.from), ("to", proof.to)] {
      Output.line(
        "\(name): \(checkpoint.size) lines, root \(checkpoint.root), signed "
          + checkpoint.at.formatted(.iso8601))
    }
    Output.line(
      "proof of consistency: the log continues the older one, \(proof.path.count) hashes, signed by "
        + proof.to.publicKey)
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
      "proof of a record: line \(proof.sequence) of \(proof.checkpoint.size), signed "
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
