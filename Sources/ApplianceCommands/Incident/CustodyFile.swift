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

  /// Every file of a folder by its path inside, with its hash.
  static func list(_ folder: String) throws -> [String: Digest] {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder)
    var files: [String: Digest] = [:]
    for path in paths where path != name {
      var isFolder: ObjCBool = false
      let whole = folder + "/" + path
      guard FileManager.default.fileExists(atPath: whole, isDirectory: &isFolder) else { continue }
      if isFolder.boolValue { continue }
      files[path] = SHA256.digest(try DurableFile.read(whole, limit: limit))
    }
    return files
  }

  /// - Throws: `custody.broken` when it was not signed by who it names, or a file is another one.
  static func read(_ folder: String, signer: String?) throws -> SignedCustody {
    let bytes = try DurableFile.read(folder + "/" + name, limit: 16 << 20)
    let signed = try ApplianceJSON.decode(SignedCustody.self, from: bytes)
    try signed.verify()
    if let signer, signer != signed.signer {
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

  /// An order of an incident, a change of a token, or what was denied or failed.
  var isTelling: Bool {
    ["denied", "failed"].contains(outcome)
      || ["incident.order", "token.change"].contains(kind) && outcome == "done"
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
