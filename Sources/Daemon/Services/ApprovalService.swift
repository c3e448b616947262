// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import ControlAPI
import FoundationEssentials
import Logging
import ServiceLifecycle
import Supervision
import Timeline

/// Takes operators' words on waiting calls, and ends those that nobody decides in time.
struct ApprovalDesk: Sendable {
  let store: TimelineStore
  let audit: AuditTrail
  /// Rung when a turn may go on.
  let freed: @Sendable (MessageID) -> Void
  let settings: @Sendable () async -> RuntimeSettings?
  let screen: SecretScreen

  func list(_ state: Approval.State?) async throws -> [Approval] {
    _ = try await expire(at: Date())
    return try await store.approvals(state: state)
  }

  /// - Throws: `approval.unknown`, `.decided`, `.expired`, `.requester`; what keeps the intent from
  ///   being recorded: nothing is approved then.
  func say(_ given: ApprovalWord) async throws -> Approval {
    let now = Date()
    let word = ApprovalWord(
      id: given.id, isApproved: given.isApproved, by: given.by, uses: given.uses,
      note: try given.note.map { try screen.note($0, by: given.by) })
    try tell(word, .intent, at: now)
    let lifetime = await settings()?.approvalLifetime ?? 600
    let approval: Approval
    do {
      approval = try await store.say(word, lifetime: TimeInterval(lifetime), at: now)
    } catch {
      try tell(word, .failed, at: now)
      throw error
    }
    freed(approval.message)
    try tell(word, .done, at: now)
    return approval
  }

  func expire(at now: Date) async throws -> [Approval] {
    let ended = try await store.expireApprovals(at: now)
    for approval in ended { freed(approval.message) }
    for approval in ended {
      try audit.record(
        [
          AuditEvent(
            .approval, by: "supervisor", on: "approval/\(approval.id.rawValue)", .done, at: now,
            trace: approval.message.rawValue,
            details: ["word": "expired", "tool": approval.tool])
        ], at: now)
    }
    return ended
  }

  private func tell(_ word: ApprovalWord, _ outcome: AuditEvent.Outcome, at now: Date) throws {
    try audit.record(
      [
        AuditEvent(
          .approval, by: word.by, on: "approval/\(word.id.rawValue)", outcome, at: now,
          details: [
            "word": word.isApproved ? "approved" : "denied", "uses": String(word.uses),
            "note": word.note ?? "",
          ])
      ], at: now)
  }
}

/// Looks every few seconds for calls that waited too long.
struct ApprovalService: Service {
  /// Seconds between two looks.
  static let interval: Duration = .seconds(2)

  let desk: ApprovalDesk
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          try await Task.sleep(for: Self.interval)
          _ = try await desk.expire(at: Date())
        } catch is CancellationError {
          return
        } catch {
          logger.error("cannot end approvals", metadata: ["error": "\(ApplianceError.of(error))"])
        }
      }
    }
  }
}
