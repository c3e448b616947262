// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
import GRDB
import SodiumCrypto

extension TimelineStore {
  /// Admits a message and stores it: the dedup key and the work item in one transaction, durable
  /// on return. A denial is recorded in the same way.
  ///
  /// A repeat of `client` and `idempotencyKey` returns the first delivery; with another content it
  /// is denied.
  public func admit(_ message: InboundMessage, at now: Date) async throws -> Admission {
    // SQLite ends text at a zero byte: what is compared and what is stored would differ.
    let texts = [message.channel, message.client, message.sender ?? "", message.session]
    guard
      !(texts + [message.text, message.idempotencyKey]).contains(where: { $0.utf8.contains(0) })
    else { throw ApplianceError(.malformed, "a message must not have a zero byte") }
    let identifier = SecureRandom.hexadecimal(bytes: 16)
    let trace = SecureRandom.hexadecimal(bytes: 16)
    return try await commits.perform { db in
      let digest = Self.contentDigest(of: message)
      if let earlier = try Self.earlierDelivery(of: message, in: db) {
        guard try earlier.text("content_digest") == digest.rawValue else {
          return .denied(.keyReused)
        }
        return .stored(try Self.status(earlier), isRepeat: true)
      }
      let verdict = try AccessRows.verdict(on: message, in: db)
      guard case .admitted(let tier) = verdict else {
        guard case .denied(let reason) = verdict else { return .denied(.unknownSender) }
        try AccessRows.recordDenial(of: message, reason: reason, at: now, in: db)
        return .denied(reason)
      }
      try db.execute(
        sql: """
          INSERT INTO inbound (id, trace, channel, client, idempotency_key, content_digest, sender,
            tier, session, text, received_at, state)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued')
          """,
        arguments: [
          identifier, trace, message.channel, message.client, message.idempotencyKey,
          digest.rawValue, message.sender, tier.rawValue, Self.sessionKey(of: message),
          message.text, now.timeIntervalSince1970,
        ])
      let stored = MessageStatus(
        id: MessageID(rawValue: identifier), traceID: TraceID(rawValue: trace),
        client: message.client, session: message.session, state: .queued, reply: nil, usage: nil)
      return .stored(stored, isRepeat: false)
    }
  }

  /// Where a message stands; `nil` for an id that `client` did not send.
  public func status(of id: MessageID, client: String) async throws -> MessageStatus? {
    try await read { db in
      try Row.fetchOne(
        db, sql: "SELECT * FROM inbound WHERE id = ? AND client = ?",
        arguments: [id.rawValue, client]
      ).map(Self.status)
    }
  }

  /// How many messages are in each state.
  public func counts() async throws -> [String: Int] {
    try await read { db in
      let rows = try Row.fetchAll(
        db, sql: "SELECT state, count(*) AS n FROM inbound GROUP BY state")
      return Dictionary(
        try rows.map { (try $0.text("state"), try $0.integer("n")) }, uniquingKeysWith: max)
    }
  }

  private static func earlierDelivery(of message: InboundMessage, in db: Database) throws -> Row? {
    try Row.fetchOne(
      db, sql: "SELECT * FROM inbound WHERE client = ? AND idempotency_key = ?",
      arguments: [message.client, message.idempotencyKey])
  }

  private static func contentDigest(of message: InboundMessage) -> Digest {
    SHA256.digest(
      [
        .string(message.channel), message.sender.map { .string($0) } ?? .null,
        .string(message.session), .string(message.text),
      ] as JSONValue)
  }

  /// Channel, client and session have no slash, so the key cannot be forged by a sender's id.
  private static func sessionKey(of message: InboundMessage) -> String {
    "\(message.channel)/\(message.client)/\(message.sender ?? "")/\(message.session)"
  }

  static func status(_ row: Row) throws -> MessageStatus {
    guard let state = MessageStatus.State(rawValue: try row.text("state")) else {
      throw ApplianceError(.timelineFailed, "timeline.db: unknown message state")
    }
    let key = try row.text("session")
    let input = try row.optionalInteger("input_tokens")
    let output = try row.optionalInteger("output_tokens")
    return MessageStatus(
      id: MessageID(rawValue: try row.text("id")),
      traceID: TraceID(rawValue: try row.text("trace")), client: try row.text("client"),
      session: key.split(separator: "/").last.map(String.init) ?? key, state: state,
      reply: try row.optionalText("reply"),
      usage: input.map { TokenUsage(input: $0, output: output ?? 0) })
  }
}
