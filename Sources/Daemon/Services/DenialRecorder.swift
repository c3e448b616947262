// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import FoundationEssentials
import Synchronization

/// Records messages that were not taken. What is recorded is bounded: whoever is denied must not fill
/// the disk. The timeline counts all of them.
final class DenialRecorder: Sendable {
  private struct State {
    var minute = Date.distantPast
    var recorded = 0
    /// Denials that were counted and not recorded one by one.
    var unrecorded = 0
  }

  /// Denials that are recorded one by one in a minute.
  static let limit = 60

  private let audit: AuditTrail
  private let state = Mutex(State())

  init(audit: AuditTrail) { self.audit = audit }

  /// - Parameter sender: As it may be written down.
  func record(_ message: InboundMessage, sender: String, _ why: Admission.Denial) throws {
    let now = Date()
    let skipped = state.withLock { state -> Int? in
      if now.timeIntervalSince(state.minute) >= 60 || state.minute > now {
        (state.minute, state.recorded) = (now, 0)
      }
      guard state.recorded < Self.limit else {
        state.unrecorded += 1
        return nil
      }
      state.recorded += 1
      defer { state.unrecorded = 0 }
      return state.unrecorded
    }
    guard let skipped else { return }
    try audit.record(
      [
        AuditEvent(
          .admission, by: "sender:\(message.channel)/\(sender)", on: "gateway", .denied, at: now,
          rule: why.rawValue, details: skipped == 0 ? [:] : ["unrecorded": String(skipped)])
      ], at: now)
  }
}
