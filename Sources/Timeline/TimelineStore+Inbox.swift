// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
import GRDB
import SodiumCrypto

extension TimelineStore {
  /// Admits a message and stores it: the dedup key, the decision and the work item in one
  /// transaction, durable on return. A denial is recorded in the same way.
  ///
  /// A repeat of `client` and `idempotencyKey` returns the first delivery; with another content it
  /// is denied. It counts against no limit.
  ///
  /// - Parameters:
  ///   - limits: Of the message's channel, client and sender together. What exceeds them is
  ///     recorded once a minute.
  ///   - revision: The commit whose rules hold, for the record.
  ///   - judge: Decides by the rules as they are inside the transaction. `version` stands for
  ///     exactly these rules as long as the process lives. Runs on the writing thread.
  public func admit(
    _ message: InboundMessage, at now: Date, limits: SenderLimits, revision: String? = nil,
    judge: @escaping @Sendable (AccessRules, _ version: UInt64) throws -> AdmissionVerdict
  ) async throws -> Admission {
    try InboxRows.check(message)
    let admissions = try await admit(
      [message], at: now, limits: { _ in limits }, revision: revision
    ) { rules, _, version in try judge(rules, version) }
    return admissions[0]
  }

  /// The same for several messages that arrived together, in their order, and with where their
  /// channel goes on: all of it in one transaction, so that nothing is lost between them.
  ///
  /// One that cannot be stored is denied.
  ///
  /// - Parameter pairing: Channels on which an operator may have admitted a sender for a while.
  /// - Parameter cursor: What ``cursor(of:)`` gives from then on.
  public func admit(
    _ messages: [InboundMessage], at now: Date,
    limits: @escaping @Sendable (InboundMessage) -> SenderLimits, revision: String? = nil,
    cursor: (channel: String, text: String)? = nil, pairing: Set<String> = [],
    judge:
      @escaping @Sendable (AccessRules, InboundMessage, _ version: UInt64) throws ->
      AdmissionVerdict
  ) async throws -> [Admission] {
    if let cursor, cursor.text.utf8.contains(0) || cursor.text.utf8.count > 4_096 {
      throw ApplianceError(.malformed, "a channel's cursor is at most 4096 bytes of text")
    }
    return try await commits.perform { [rules] db in
      let admissions = try messages.map { message -> Admission in
        // One that cannot be stored must not keep those beside it from being stored.
        do { try InboxRows.check(message) } catch { return .denied(.malformed) }
        return try Self.admit(
          message, at: now, limits: limits(message), revision: revision, pairing, rules, judge,
          in: db)
      }
      if let cursor {
        try db.run(
          """
          INSERT INTO channel_cursor (channel, cursor, at) VALUES (?, ?, ?)
          ON CONFLICT (channel) DO UPDATE SET cursor = excluded.cursor, at = excluded.at
          """, [cursor.channel, cursor.text, now.timeIntervalSince1970])
      }
      return admissions
    }
  }

  private static func admit(
    _ message: InboundMessage, at now: Date, limits: SenderLimits, revision: String?,
    _ pairing: Set<String>, _ rules: RulesCache,
    _ judge: (AccessRules, InboundMessage, _ version: UInt64) throws -> AdmissionVerdict,
    in db: Database
  ) throws -> Admission {
    if let earlier = try InboxRows.earlierDelivery(of: message, in: db) { return earlier }
    let (current, version) = try rules.current(in: db)
    let judged = try judge(current, message, version)
    let verdict =
      pairing.contains(message.channel)
      ? try paired(judged, message, at: now, in: db) : judged
    let decision = verdict.decision
    var record = DecisionRow(.admission, message.principal, decision, at: now)
    record.revision = revision
    guard decision.verdict == .permitted else {
      let denial = Admission.Denial(decision.reason)
      try record.insertDenial(denial, isRecorded: true, in: db)
      return .denied(denial)
    }
    let principal = try PrincipalRow.of(message.principal, at: now, in: db)
    if let refusal = try principal.refusal(limits, at: now, in: db) {
      let isRecorded = try principal.recordsRefusal(at: now, in: db)
      record.refuse(refusal)
      try record.insertDenial(refusal, isRecorded: isRecorded, in: db)
      return .denied(refusal)
    }
    let identifier = MessageID(rawValue: SecureRandom.hexadecimal(bytes: 16))
    let trace = TraceID(rawValue: SecureRandom.hexadecimal(bytes: 16))
    record.message = identifier
    try record.insert(in: db)
    let status = try InboxRows.insert(
      message, as: identifier, trace, verdict, of: principal.id, at: now, in: db)
    return .stored(status, isRepeat: false)
  }

  /// A sender whom no list knows, and an operator admitted for a while: to talk, since the rules still
  /// know nobody who may use a tool.
  private static func paired(
    _ verdict: AdmissionVerdict, _ message: InboundMessage, at now: Date, in db: Database
  ) throws -> AdmissionVerdict {
    guard verdict.decision.reason == .unknownSender, message.place.room == nil,
      let sender = message.sender,
      try isPaired(sender, on: message.channel, message.route?.account, at: now, in: db)
    else { return verdict }
    return AdmissionVerdict(
      decision: AccessDecision(
        .permitted, .paired, rule: "pairing", entry: sender, tier: .unknown),
      session: verdict.session)
  }

  /// Where a channel goes on; `nil` for one that has not begun.
  public func cursor(of channel: String) async throws -> String? {
    try await read { db in
      try db.row("SELECT cursor FROM channel_cursor WHERE channel = ?", [channel])
        .map { try $0.text("cursor") }
    }
  }

  /// Where a message stands; `nil` for an id that `client` did not send.
  public func status(of id: MessageID, client: String) async throws -> MessageStatus? {
    try await read { db in
      try Row.fetchOne(
        db, sql: "SELECT * FROM inbound WHERE id = ? AND client = ?",
        arguments: [id.rawValue, client]
      ).map(InboxRows.status)
    }
  }

  /// How many messages are in each state.
  public func counts() async throws -> [String: Int] {
    try await read { db in
      let rows = try Row.fetchAll(db, sql: Self.messageCounting)
      return Dictionary(
        try rows.map { (try $0.text("condition"), try $0.total("n")) }, uniquingKeysWith: max)
    }
  }

  static let messageCounting = """
    SELECT iif(waits_for IS NULL, state, 'waiting') AS condition, count(*) AS n
    FROM inbound GROUP BY condition
    """
}
