// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import FoundationEssentials
import Synchronization

/// Records messages that were not taken. What is recorded is bounded: whoever is denied must not fill
/// the disk. The timeline counts all of them.
final class DenialRecorder: Sendable {
  private let audit: AuditTrail
  private let budget = Mutex(RecordBudget())

  init(audit: AuditTrail) { self.audit = audit }

  /// - Parameter sender: As it may be written down.
  func record(_ message: InboundMessage, sender: String, _ why: Admission.Denial) throws {
    let now = Date()
    let unrecorded = budget.withLock { $0.takes(at: now) ? $0.takeUnrecorded() : nil }
    guard let unrecorded else { return }
    try audit.record(
      [
        AuditEvent(
          .admission, by: "sender:\(message.channel)/\(sender)", on: "gateway", .denied, at: now,
          rule: why.rawValue, details: unrecorded == 0 ? [:] : ["unrecorded": String(unrecorded)])
      ], at: now)
  }
}
