// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Planning

/// A plan in a file, between its review and its apply. Holds no secret.
enum PlanFile {
  private static let limit = 64 << 20

  static func write(_ plan: Plan, to path: String) throws {
    try DurableFile.replace(path, with: try ApplianceJSON.encode(plan, pretty: true), mode: 0o644)
  }

  /// - Throws: `io.missing`; `plan.stale` for a file that is no plan of this format.
  static func read(_ path: String) throws -> Plan {
    let bytes = try DurableFile.read(path, limit: limit)
    do {
      return try ApplianceJSON.decode(Plan.self, from: bytes)
    } catch let error as ApplianceError {
      throw ApplianceError(
        .planUnreadable, "\"\(path)\" is not a plan: \(error.message)",
        hint: "make one: kafclaw apply --dry-run --plan-out FILE")
    }
  }
}

extension ApplianceError.Code {
  /// A plan file that is none.
  static let planUnreadable = Self("plan.unreadable")
}
