// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import Tomb

/// The entries and slots of the tomb, without values.
struct TombReport: Encodable {
  let formatVersion = 1
  let backend: TombBackend
  let tomb: TombSummary
  let entries: [TombEntry]

  init(_ store: TombStore) throws {
    (backend, tomb, entries) = (store.backend, try store.summary(), try store.list())
  }

  func render(_ format: OutputFormat) throws {
    guard format != .json else { return try Output.json(self) }
    Output.line(
      "tomb \(tomb.id.prefix(12)), backend \(backend.rawValue), key \(tomb.epoch)"
        + (tomb.keyCreated.map { " of \($0.formatted(.iso8601))" } ?? ""))
    if tomb.isRotating { Output.line("  a rotation of the key was cut off: rotate-key again") }
    for slot in tomb.slots {
      Output.line("  slot \(slot.id)  \(slot.kind)  \(VisibleText.escape(slot.label))")
    }
    Output.line(entries.isEmpty ? "no entries" : "entries:")
    for entry in entries { Output.line("  " + Self.line(entry)) }
  }

  static func line(_ entry: TombEntry) -> String {
    var parts = ["\(entry.name)  version \(entry.versions.last?.number ?? 0)"]
    parts.append("set \(entry.rotated.formatted(.iso8601))")
    for version in entry.versions {
      guard let until = version.until else { continue }
      parts.append("version \(version.number) valid until \(until.formatted(.iso8601))")
    }
    if let expires = entry.expires { parts.append("expires \(expires.formatted(.iso8601))") }
    if !entry.consumers.isEmpty { parts.append("for " + entry.consumers.joined(separator: ", ")) }
    if let purpose = entry.purpose { parts.append(VisibleText.escape(purpose)) }
    return parts.joined(separator: ", ")
  }
}

/// One entry after it was changed.
struct EntryReport: Encodable {
  let formatVersion = 1
  let entry: TombEntry

  init(_ store: TombStore, _ name: String) throws {
    guard let entry = try store.list().first(where: { $0.name == name }) else {
      throw ApplianceError(.tombNoEntry, "the entry was removed meanwhile")
    }
    self.entry = entry
  }

  func render(_ format: OutputFormat) throws {
    guard format != .json else { return try Output.json(self) }
    Output.line(TombReport.line(entry))
  }
}

/// A recovery key, shown this once.
struct RecoveryReport {
  let key: RecoveryKey

  /// What is to be said when the tomb is made, too.
  static func noteMade(_ backend: TombBackend) {
    Output.note("the tomb is made; this host opens it by its backend \(backend.rawValue)")
    guard backend == .local else { return }
    Output.note(
      "local keeps the key in tomb.rr: it protects against the loss of the state home or its "
        + "backups, not against somebody who reads both")
  }

  func render(_ format: OutputFormat) {
    guard format != .json else { return renderJSON() }
    Output.note("recovery key, shown this once; keep it away from this host:")
    Output.line("")
    CommandTomb.show(key.text)
    Output.line("")
    Output.note("the same as words, to write down:")
    Output.line("")
    CommandTomb.show(key.words)
    Output.line("")
    Output.note("its recipient, which is no secret: \(key.recipient)")
  }

  /// Letters, digits, dashes and spaces: nothing to escape.
  private func renderJSON() {
    Output.text("{\n  \"formatVersion\" : 1,\n  \"recipient\" : \"\(key.recipient)\",\n")
    Output.text("  \"text\" : \"")
    key.text.withBytes { Output.bytes($0) }
    Output.text("\",\n  \"words\" : \"")
    key.words.withBytes { Output.bytes($0) }
    Output.text("\"\n}\n")
  }
}
