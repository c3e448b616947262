// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import GRDB
import SodiumCrypto

/// The rows of `inbound`, from a message to its status.
enum InboxRows {
  /// Of one id. Bytes.
  private static let idLimit = 2_048

  /// SQLite ends text at a zero byte: what is compared and what is stored would differ.
  ///
  /// - Throws: `model.malformed`.
  static func check(_ message: InboundMessage) throws {
    let place = message.place
    let texts = [
      message.channel, message.client, message.sender ?? "", message.session, message.text,
      message.idempotencyKey, place.account ?? "", place.room ?? "", place.thread ?? "",
      message.route?.conversation ?? "", message.route?.thread ?? "",
      message.route?.message ?? "",
    ]
    guard !texts.contains(where: { $0.utf8.contains(0) }) else {
      throw ApplianceError(.malformed, "a message must not have a zero byte")
    }
    guard message.text.utf8.count <= InboundMessage.textLimit,
      texts.allSatisfy({ $0.utf8.count <= idLimit || $0 == message.text })
    else { throw ApplianceError(.malformed, "a message or an id of it is too long") }
  }

  /// The answer to a message whose key was used before.
  static func earlierDelivery(
    of message: InboundMessage, in db: Database
  ) throws -> Admission? {
    let row = try db.row(
      "SELECT * FROM inbound WHERE client = ? AND idempotency_key = ?",
      [message.client, message.idempotencyKey])
    guard let row else { return nil }
    guard try row.text("content_digest") == digest(of: message).rawValue else {
      return .denied(.keyReused)
    }
    return .stored(try status(row), isRepeat: true)
  }

  static func insert(
    _ message: InboundMessage, as id: MessageID, _ trace: TraceID, _ verdict: AdmissionVerdict,
    of principal: Int64, at now: Date, in db: Database
  ) throws -> MessageStatus {
    let session = verdict.session.rawValue
    guard !session.utf8.contains(0) else {
      throw ApplianceError(.malformed, "a session must not have a zero byte")
    }
    try db.run(
      """
      INSERT INTO inbound (id, trace, channel, client, idempotency_key, content_digest, sender,
        tier, session, text, received_at, state, client_session, place, is_from_bot, decision,
        principal, route)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?)
      """,
      [
        id.rawValue, trace.rawValue, message.channel, message.client, message.idempotencyKey,
        digest(of: message).rawValue, message.sender,
        (verdict.decision.tier ?? .unknown).rawValue, session, message.text,
        now.timeIntervalSince1970, message.session, try json(message.place), message.isFromBot,
        try json(verdict.decision), principal, try message.route.map { try json($0) },
      ])
    try FairQueue.append(db.lastInsertedRowID, session: session, principal: principal, in: db)
    return MessageStatus(
      id: id, traceID: trace, client: message.client, session: message.session, state: .queued,
      reply: nil, usage: nil)
  }

  static func status(_ row: Row) throws -> MessageStatus {
    guard let stored = MessageStatus.State(rawValue: try row.text("state")) else {
      throw ApplianceError(.timelineFailed, "timeline.db: unknown message state")
    }
    let key = try row.text("session")
    let input = try row.optionalTotal("input_tokens")
    let output = try row.optionalTotal("output_tokens")
    return MessageStatus(
      id: MessageID(rawValue: try row.text("id")),
      traceID: TraceID(rawValue: try row.text("trace")), client: try row.text("client"),
      // Rows of earlier versions have it at the end of their key.
      session: try row.optionalText("client_session")
        ?? key.split(separator: "/").last.map(String.init) ?? key,
      state: try row.optionalText("waits_for") == nil ? stored : .waiting,
      reply: try row.optionalText("reply"),
      usage: input.map { TokenUsage(input: $0, output: output ?? 0) })
  }

  static func json(_ value: some Encodable) throws -> String {
    String(decoding: try ApplianceJSON.encode(value), as: UTF8.self)
  }

  /// What a message written directly has more than in earlier versions is left out of its digest:
  /// their rows still answer repeats.
  private static func digest(of message: InboundMessage) -> Digest {
    let place = message.place
    var parts: [JSONValue] = [
      .string(message.channel), message.sender.map { .string($0) } ?? .null,
      .string(message.session), .string(message.text),
    ]
    if place != InboundMessage.Place() || message.isFromBot {
      parts += [place.account, place.room, place.thread].map { $0.map { .string($0) } ?? .null }
      parts += [.bool(place.isMention), .bool(message.isFromBot)]
    }
    return SHA256.digest(.array(parts))
  }
}
