// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
public import FoundationEssentials
import Glibc

extension AuditTrail {
  /// The detail of `audit.begin` that says why another log was put aside.
  static let reasonDetail = "reason"

  /// Puts a log that cannot be continued aside and begins another one, whose first records say so.
  ///
  /// - Returns: The folder of the old log.
  public func beginAnew(reason: String, by actor: String, at now: Date) throws -> String {
    let old = files.folder + ".until-" + String(Int64(clamping: Int(now.timeIntervalSince1970)))
    // `try?`: what the damaged log's end was is worth knowing, and no condition.
    let anchor = (try? files.readAnchor()) ?? nil
    let lock = try acquire()
    guard rename(files.folder, old) == 0 else { throw ApplianceError.system("move", files.folder) }
    _ = consume lock
    try files.forgetOrigin()
    forget()
    let event = AuditEvent(
      .begin, by: actor, on: old, .done, at: now,
      details: [
        Self.reasonDetail: reason, "oldSize": anchor.map { String($0.size) } ?? "unknown",
        "oldChain": anchor?.chain ?? "unknown",
      ])
    try record([event], at: now)
    return old
  }
}
