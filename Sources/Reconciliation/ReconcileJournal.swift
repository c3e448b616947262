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
  }

  let path: String

  func append(_ step: Step, _ change: Change, serial: Int, at now: Date) throws {
    let record = Record(
      at: now, serial: serial, step: step, address: change.address, actions: change.actions)
    try DurableFile.append(try ApplianceJSON.encode(record) + [UInt8(ascii: "\n")], to: path)
  }

  /// Addresses whose change was begun by an apply that never ended. A torn last line was never
  /// acted on.
  func interrupted() throws -> [ResourceAddress] {
    guard let bytes = try DurableFile.readIfPresent(path, limit: 64 << 20) else { return [] }
    let records = bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      // `try?`: only the last line can be torn, and its intent was not acted on.
      try? ApplianceJSON.decode(Record.self, from: line)
    }
    let done = Set(records.filter { $0.step == .done }.map(\.address))
    let begun = records.filter { $0.step == .intent }.map(\.address)
    return Set(begun).subtracting(done).sorted()
  }

  func clear() throws { try DurableFile.removeIfPresent(path) }
}
