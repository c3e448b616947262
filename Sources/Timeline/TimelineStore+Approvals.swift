// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
import GRDB

extension ApplianceError.Code {
  /// No approval has this name.
  public static let approvalUnknown = Self("approval.unknown")
  /// Somebody decided it before.
  public static let approvalDecided = Self("approval.decided")
  /// Nobody decided it in time.
  public static let approvalExpired = Self("approval.expired")
  /// Whoever asks for a call may not approve it.
  public static let approvalRequester = Self("approval.requester")
  /// Too many are pending.
  public static let approvalsFull = Self("approval.too-many")
}

extension TimelineStore {
  /// The most uses that one word gives.
  public static let approvalUseLimit = 1_000
  /// The longest note that is kept. Bytes of UTF-8.
  public static let approvalNoteLimit = 1_024

  /// Stores an operator's word on a pending approval, and lets the turn go on that waits for it;
  /// durable on return.
  ///
  /// - Parameter lifetime: How long an approved call may be made. Seconds from `now`.
  /// - Throws: `approval.unknown`, `approval.decided`, `approval.expired`, and
  ///   `approval.requester` when who asked for the call approves it. Its requester may deny it.
  public func say(
    _ word: ApprovalWord, lifetime: TimeInterval, at now: Date
  ) async throws -> Approval {
    guard !word.isApproved || (1...Self.approvalUseLimit).contains(word.uses) else {
      throw ApplianceError(
        .malformed, "\(word.uses) uses are not within 1 and \(Self.approvalUseLimit)")
    }
    guard lifetime.isFinite else { throw ApplianceError(.malformed, "a lifetime has an end") }
    guard (word.note?.utf8.count ?? 0) <= Self.approvalNoteLimit else {
      throw ApplianceError(.malformed, "a note is longer than \(Self.approvalNoteLimit) bytes")
    }
    return try await commits.perform { db in
      guard var approval = try ApprovalRows.find(word.id, in: db) else {
        throw ApplianceError(
          .approvalUnknown, "there is no approval \"\(VisibleText.escape(word.id.rawValue))\"",
          hint: "kafclaw approvals list")
      }
      try approval.decide(by: word, lifetime: lifetime, at: now)
      try ApprovalRows.update(approval, in: db)
      try ApprovalRows.unpark(approval, in: db)
      return approval
    }
  }

  /// Ends approvals that nobody decided, or nobody used, in time, and lets the turns go on that
  /// wait for them; durable on return.
  public func expireApprovals(at now: Date) async throws -> [Approval] {
    let due = """
      SELECT * FROM approval WHERE state IN ('pending', 'approved') AND expires_at <= ?
      ORDER BY sequence
      """
    let time = now.timeIntervalSince1970
    guard try await read({ try $0.row(due, [time]) != nil }) else { return [] }
    return try await commits.perform { db in
      try db.rows(due, [time]).map { row in
        var approval = try ApprovalRows.approval(row)
        (approval.state, approval.usesLeft) = (.expired, 0)
        try ApprovalRows.update(approval, in: db)
        try ApprovalRows.unpark(approval, in: db)
        return approval
      }
    }
  }

  /// Approvals in the order in which they were asked for, the latest thousand of them.
  ///
  /// - Parameter state: `nil` for all.
  public func approvals(state: Approval.State? = nil) async throws -> [Approval] {
    try await read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT * FROM (SELECT * FROM approval WHERE state = ? OR ? IS NULL
            ORDER BY sequence DESC LIMIT 1000) ORDER BY sequence
          """, arguments: [state?.rawValue, state?.rawValue]
      ).map(ApprovalRows.approval)
    }
  }

  public func approval(_ id: ApprovalID) async throws -> Approval? {
    try await read { try ApprovalRows.find(id, in: $0) }
  }
}

extension Approval {
  /// Seconds.
  private var longestLifetime: TimeInterval { 366 * 86_400 }

  /// Takes an operator's word.
  fileprivate mutating func decide(
    by word: ApprovalWord, lifetime: TimeInterval, at now: Date
  ) throws {
    let name = id.rawValue
    if state == .expired || state == .pending && expiresAt <= now {
      throw ApplianceError(.approvalExpired, "the approval \"\(name)\" expired")
    }
    guard state == .pending else {
      throw ApplianceError(
        .approvalDecided, "the approval \"\(name)\" is \(state.rawValue) already")
    }
    guard !word.isApproved || !requester.isNamed(by: word.by) else {
      throw ApplianceError(
        .approvalRequester, "\(word.by) asked for this call and may not approve it",
        hint: "let another operator decide")
    }
    state = word.isApproved ? .approved : .denied
    usesLeft = word.isApproved ? word.uses : 0
    if word.isApproved {
      expiresAt = now.addingTimeInterval(min(max(0, lifetime), longestLifetime))
    }
    (decidedBy, decidedAt, note) = (word.by, now, word.note)
  }
}

extension AccessPrincipal {
  /// Whether an operator's identity (`operator:UID`, `client:NAME`) is this principal's. Names are
  /// compared byte by byte, with and without the kind of the client.
  fileprivate func isNamed(by identity: String) -> Bool {
    let bytes = Array(identity.utf8)
    if bytes.starts(with: "sender:".utf8) {
      // `sender:CHANNEL/ID`: the same person may have asked on another channel.
      guard let sender, let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else { return false }
      return bytes[(slash + 1)...].elementsEqual(sender.utf8)
    }
    if bytes.starts(with: "operator:".utf8) {
      return client.utf8.elementsEqual(AccessPrincipal.operatorClient.utf8)
    }
    let kind = Array("client:".utf8)
    let name = bytes.starts(with: kind) ? Array(bytes.dropFirst(kind.count)) : bytes
    return client.utf8.elementsEqual(name) || client.utf8.elementsEqual(Array("token:".utf8) + name)
  }
}
