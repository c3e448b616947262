// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import FoundationEssentials
import Planning

/// Intent before effect: what an apply is about to do, durable before it is done.
///
/// The file is removed when the apply is recorded; one that is found at start tells that an apply
/// was cut off. The next pass then compares live state with both records, so what was done already
/// is adopted and what was not is done.
struct ReconcileJournal: Sendable {
  enum Step: String, Codable {
    case intent
    case done
    case failed
  }

  struct Record: Codable {
    let at: Date
    let serial: Int
    let step: Step
    let address: ResourceAddress
    let actions: [Change.Action]
    /// The fields the change brings about; `nil` for a removal.
    let fields: ResourceFields?
  }

  let path: String

  func append(
    _ step: Step, _ change: Change, _ fields: ResourceFields?, serial: Int, at now: Date
  ) throws {
    let record = Record(
      at: now, serial: serial, step: step, address: change.address, actions: change.actions,
      fields: fields)
    try DurableFile.appendLine(try ApplianceJSON.encode(record), to: path)
  }

  /// Addresses whose change was begun and never ended. A torn line was never acted on.
  func interrupted() throws -> [ResourceAddress] {
    try Set(begun().map(\.address)).sorted()
  }

  /// The changes that were begun and did not end well since one did: each happened or did not. One
  /// that failed may have failed after its effect. An address can have several: a later intent says
  /// nothing about an earlier one.
  func begun() throws -> [Record] {
    try tracks().flatMap(\.value.open).sorted { $0.address < $1.address }
  }

  /// The changes that were completed: they are ours, whatever became of later ones.
  func completed() throws -> [Record] { try tracks().compactMap(\.value.done) }

  /// Keeps only what is still open, so that repeated failures do not let the file grow.
  func keepOpen() throws {
    let open = try begun()
    guard !open.isEmpty else { return try clear() }
    let lines = try open.map { try ApplianceJSON.encode($0) + [UInt8(ascii: "\n")] }
    try DurableFile.replace(path, with: lines.flatMap { $0 })
  }

  /// What the records say of one address.
  private struct Track {
    var done: Record?
    var open: [Record] = []

    mutating func take(_ record: Record) {
      if record.step == .done {
        (done, open) = (record, [])
      } else {
        open = open.filter { $0.fields != record.fields } + [record]
      }
    }
  }

  private func tracks() throws -> [ResourceAddress: Track] {
    guard let bytes = try DurableFile.readIfPresent(path, limit: 64 << 20) else { return [:] }
    var tracks: [ResourceAddress: Track] = [:]
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      // `try?`: only a torn line has no form, and its intent was not acted on.
      guard let record = try? ApplianceJSON.decode(Record.self, from: line) else { continue }
      tracks[record.address, default: Track()].take(record)
    }
    return tracks
  }

  func clear() throws { try DurableFile.removeIfPresent(path) }
}
