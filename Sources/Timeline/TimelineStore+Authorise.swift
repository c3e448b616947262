// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
import GRDB

/// Whether a call may run.
public enum Authorisation: Sendable, Equatable {
  case permitted
  /// By the decision that was handed in.
  case denied
  /// It needs an approval that nobody was asked for yet.
  case missing
  /// The approval it waited for was not given: it was denied, or it expired.
  case refused(Approval.State)
}

extension TimelineStore {
  /// Approvals that may be pending at a time.
  public static let pendingLimit = 100
  /// Of those, for one principal.
  public static let pendingPrincipalLimit = 10

  /// Records what was decided about a call and, where it may run, that it may: in one transaction,
  /// durable on return. A decision that needs an approval takes one use of an approval with the
  /// same digest and session.
  ///
  /// - Parameters:
  ///   - digest: The exact call, its requester and its session; `nil` finds no approval.
  ///   - revision: The commit whose rules hold, for the record.
  /// - Throws: `timeline.lease-lost` when `worker` does not hold the message any more.
  public func authorise(
    _ id: MessageID, call index: Int, tool: String, by worker: String, decision: AccessDecision,
    digest: Digest?, revision: String? = nil, at now: Date
  ) async throws -> Authorisation {
    let step = try InboxRows.json(TurnStep.authorised(index: index))
    return try await commits.perform { db in
      let row = try WorkRows.leased(id, by: worker, in: db)
      var record = DecisionRow(.tool, try WorkRows.principal(row), decision, at: now)
      // A model makes names up.
      record.tool = String(String.UnicodeScalarView(tool.unicodeScalars.prefix(128)))
      (record.message, record.revision) = (id, revision)
      let answer = try Self.authorisation(
        of: row, id, index, decision, digest, &record, at: now, in: db)
      try record.insert(in: db)
      if answer == .permitted { try WorkRows.append(step, to: id, in: db) }
      return answer
    }
  }

  private static func authorisation(
    of row: Row, _ id: MessageID, _ index: Int, _ decision: AccessDecision, _ digest: Digest?,
    _ record: inout DecisionRow, at now: Date, in db: Database
  ) throws -> Authorisation {
    switch decision.verdict {
    case .permitted: return .permitted
    case .denied: return .denied
    case .needsApproval: break
    }
    guard let digest else { return .missing }
    if let asked = try ApprovalRows.latest(for: id, index, digest, in: db) {
      let isLate = asked.state == .approved && asked.expiresAt <= now
      let state = isLate ? .expired : asked.state
      if state == .denied || state == .expired {
        record.end(as: .denied, by: asked.id)
        return .refused(state)
      }
    }
    guard
      var granted = try ApprovalRows.granted(
        digest, in: try row.text("session"), at: now, in: db)
    else { return .missing }
    granted.usesLeft -= 1
    if granted.usesLeft < 1 { granted.state = .used }
    try ApprovalRows.update(granted, in: db)
    record.end(as: .permitted, by: granted.id)
    return .permitted
  }

  /// Stores a request for an approval and parks its message, whose lease ends: one transaction,
  /// durable on return. A call that waits already is not asked for twice.
  ///
  /// - Returns: What the message waits for.
  /// - Throws: `timeline.lease-lost`; `approval.too-many` when too many are pending, of all or of
  ///   this principal.
  ///
  /// - Parameter announcements: Texts that tell people of it, stored with it.
  public func park(
    _ approval: Approval, by worker: String, announcing announcements: [Announcement] = []
  ) async throws -> Approval {
    guard (0..<1_000_000).contains(approval.callIndex),
      approval.expiresAt.timeIntervalSince1970.isFinite
    else { throw ApplianceError(.malformed, "an approval is for one call, and has an end") }
    return try await commits.perform { db in
      let row = try WorkRows.leased(approval.message, by: worker, in: db)
      guard try row.text("session") == approval.session.rawValue else {
        throw ApplianceError(.inconsistent, "an approval is of its message's session")
      }
      let principal = try row.sequence("principal")
      let earlier = try ApprovalRows.latest(
        for: approval.message, approval.callIndex, approval.digest, in: db)
      let pending = earlier?.state == .pending ? earlier : nil
      if pending == nil {
        try Self.requireRoom(for: principal, in: db)
        try ApprovalRows.insert(approval, of: principal, in: db)
        for one in announcements {
          try DeliveryRows.insert(
            key: one.key, channel: one.channel, route: one.route, text: one.text, message: nil,
            at: approval.createdAt, in: db)
        }
      }
      // The attempt ended in order: it is not one of those that may be what kills the agent.
      try db.run(
        """
        UPDATE inbound SET state = 'queued', lease = NULL, attempts = max(0, attempts - 1),
          waits_for = ? WHERE id = ?
        """, [(pending ?? approval).id.rawValue, approval.message.rawValue])
      try BudgetRows.settle(of: approval.message, in: db)
      try FairQueue.leave(row, isQueued: true, in: db)
      return try ApprovalRows.find((pending ?? approval).id, in: db) ?? approval
    }
  }

  private static func requireRoom(for principal: Int64, in db: Database) throws {
    let row = try db.row(
      """
      SELECT count(*) AS pending, count(*) FILTER (WHERE principal = ?) AS own
      FROM approval WHERE state = 'pending'
      """, [principal])
    guard let row else { return }
    guard try row.total("own") < pendingPrincipalLimit else {
      throw ApplianceError(
        .approvalsFull, "\(pendingPrincipalLimit) calls of this requester wait for an approval",
        hint: "decide them: kafclaw approvals list")
    }
    guard try row.total("pending") < pendingLimit else {
      throw ApplianceError(
        .approvalsFull, "\(pendingLimit) calls wait for an approval",
        hint: "decide them: kafclaw approvals list")
    }
  }
}
