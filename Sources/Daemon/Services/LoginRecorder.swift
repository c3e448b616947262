// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import FoundationEssentials
import Synchronization
import Timeline

/// Records who authenticates at the gateway and who fails to. What is recorded is bounded: guesses
/// from many networks must not fill the disk.
final class LoginRecorder: Sendable {
  /// Failures and lock-outs have a budget each: the ones must not use up that of the others.
  private struct Budgets {
    var failures = RecordBudget()
    var lockouts = RecordBudget()

    mutating func takes(isLockout: Bool, at now: Date) -> Bool {
      isLockout ? lockouts.takes(at: now) : failures.takes(at: now)
    }

    mutating func takeUnrecorded() -> Int {
      failures.takeUnrecorded() + lockouts.takeUnrecorded()
    }
  }

  private let audit: AuditTrail
  private let store: TimelineStore
  private let budgets = Mutex(Budgets())

  init(audit: AuditTrail, store: TimelineStore) { (self.audit, self.store) = (audit, store) }

  /// - Throws: `audit.unwritten`: who cannot be recorded is not let in.
  func succeed(_ client: String, from network: String) async throws {
    let now = Date()
    try audit.record(
      [
        AuditEvent(
          .login, by: "client:\(client)", on: "gateway", .done, at: now,
          details: ["network": network])
      ], at: now)
    // Once it is recorded: whoever is known passes a lock-out.
    try await store.rememberLogin(of: client, from: SourceNetwork(recorded: network), at: now)
  }

  /// - Returns: How the network is locked out; `nil` when it is not.
  func fail(from network: String, path: String) async throws -> NetworkLock? {
    let now = Date()
    let counted = try await store.countFailure(of: SourceNetwork(recorded: network), at: now)
    if budgets.withLock({ $0.takes(isLockout: counted.isLockout, at: now) }) {
      try record(counted.isLockout ? .lockout : .login, network, path, now)
    }
    return counted.lock
  }

  private func record(
    _ kind: AuditEvent.Kind, _ network: String, _ path: String, _ now: Date
  ) throws {
    var details = ["path": path]
    let unrecorded = budgets.withLock { $0.takeUnrecorded() }
    if unrecorded > 0 { details["unrecorded"] = String(unrecorded) }
    try audit.record(
      [
        AuditEvent(
          kind, by: "network:\(network)", on: "gateway", .denied, at: now,
          rule: "authentication", details: details)
      ], at: now)
  }
}
