// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import Daemon
import DurableIO
import Foundation
import SodiumCrypto

/// `custody.json` beside the evidence it speaks of.
enum CustodyFile {
  static let name = "custody.json"
  /// Bytes of one file of evidence that is hashed.
  private static let limit = 1 << 30

  /// Every file of a folder by its path inside, with its hash. Nothing but files and folders may be
  /// there.
  static func list(_ folder: String) throws -> [String: Digest] {
    var files: [String: Digest] = [:]
    var folders = [""]
    while let inside = folders.popLast() {
      let names = try PrivateFolder.names(in: folder + "/" + inside)
      for name in names.sorted() {
        let path = inside.isEmpty ? name : inside + "/" + name
        guard path != Self.name else { continue }
        // Of a link itself, not of what it names.
        let kind = try FileManager.default.attributesOfItem(atPath: folder + "/" + path)[.type]
        switch kind as? FileAttributeType {
        case FileAttributeType.typeDirectory: folders.append(path)
        case FileAttributeType.typeRegular:
          files[path] = SHA256.digest(try DurableFile.read(folder + "/" + path, limit: limit))
        default: throw broken("\(VisibleText.escape(path)) is neither a file nor a folder")
        }
      }
    }
    return files
  }

  /// - Throws: `custody.broken` when it was not signed by who it names, or a file is another one.
  static func read(_ folder: String, signer: String?) throws -> SignedCustody {
    let bytes = try DurableFile.read(folder + "/" + name, limit: 16 << 20)
    let signed = try ApplianceJSON.decode(SignedCustody.self, from: bytes)
    try signed.verify()
    guard bytes == (try ApplianceJSON.encode(signed, pretty: true)) else {
      throw broken("\(name) has more in it than what was signed")
    }
    if let signer, signer.lowercased() != signed.signer {
      throw broken("it was signed by \(signed.signer)")
    }
    let found = try list(folder)
    for path in Set(found.keys).union(signed.record.files.keys).sorted()
    where found[path] != signed.record.files[path] {
      let what =
        found[path] == nil
        ? "is gone" : signed.record.files[path] == nil ? "came later" : "was changed"
      throw broken("\(VisibleText.escape(path)) \(what)")
    }
    return signed
  }

  private static func broken(_ what: String) -> ApplianceError {
    ApplianceError(
      .custodyBroken, "this is not what was kept: \(what)",
      hint: "compare with another copy of the evidence")
  }
}

/// A record of the audit log as a report shows it.
struct AuditArchiveEntry: Encodable {
  let sequence: UInt64
  let at: Date
  let kind: String
  let actor: String
  let subject: String
  let outcome: String
  let rule: String?
  let details: [String: String]

  private static let limit = 100_000

  static func since(_ start: Date, _ audit: HostAudit) throws -> [AuditArchiveEntry] {
    try AuditArchive(audit.files).newest(limit) { $0.at >= start }.map { entry in
      AuditArchiveEntry(
        sequence: UInt64(entry.sequence), at: entry.event.at, kind: entry.event.kind.rawValue,
        actor: entry.event.actor, subject: entry.event.subject,
        outcome: entry.event.outcome.rawValue, rule: entry.event.rule,
        details: entry.event.details)
    }
  }

  /// An order of an incident, a change of a token, also one whose end nobody recorded, or what was
  /// denied or failed.
  var isTelling: Bool {
    ["denied", "failed"].contains(outcome) || ["incident.order", "token.change"].contains(kind)
  }

  var line: String {
    let more =
      ([rule].compactMap(\.self) + details.sorted { $0.key < $1.key }.map { "\($0): \($1)" })
      .joined(separator: ", ")
    let text = "\(at.formatted(.iso8601)) \(kind) \(outcome) by \(actor) on \(subject)"
    return VisibleText.escape(more.isEmpty ? text : "\(text) (\(more))")
  }
}

/// When a report begins.
enum IncidentReportTime {
  /// A time that was, or a duration before now.
  static func start(_ text: String) throws -> Date {
    // `try?`: what is no time may be a duration, which says itself what is wrong with it.
    if let date = try? Date(text, strategy: .iso8601) { return date }
    let duration = try HoldTime.duration(text)
    return Date(timeIntervalSinceNow: -Double(duration.components.seconds))
  }
}
