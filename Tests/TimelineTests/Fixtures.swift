// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GRDB
import Testing

@testable import Timeline

/// Opens the store at `path` for the time of `body`.
func withStore<Value>(
  _ path: String, _ body: (TimelineStore) async throws -> Value
) async throws -> Value {
  let store = try TimelineStore(path: path)
  do {
    let value = try await body(store)
    try store.close()
    return value
  } catch {
    try? store.close()  // `try?`: the test has failed already, with the error that counts
    throw error
  }
}

extension TimelineStore {
  /// Rows of a query, each as text.
  func rows(_ sql: String) async throws -> [String] {
    try await pool.read { try Row.fetchAll($0, sql: sql).map(Self.text) }
  }

  static func text(_ row: Row) -> String {
    row.databaseValues.map { value in
      if case .string(let text) = value.storage { text } else { value.description }
    }.joined(separator: " ")
  }

  func count(_ table: String) async throws -> Int {
    try await pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? -1 }
  }

  /// Admits by the rules of ``TestJudge``, without limits unless told.
  func admit(
    _ message: InboundMessage, at now: Date, limits: SenderLimits = .wide
  ) async throws -> Admission {
    try await admit(message, at: now, limits: limits) { rules, _ in
      TestJudge.verdict(on: message, by: rules)
    }
  }

  func setChannel(_ name: String, policy: AdmissionPolicy?, senders: [String]) async throws {
    try await setChannel(
      name, policy.map { AccessRules.Channel(dmPolicy: $0, allow: senders) })
  }

  /// Admits a message that must be admitted.
  @discardableResult
  func queue(_ message: InboundMessage) async throws -> MessageStatus {
    let admission = try await admit(message, at: .noon)
    guard case .stored(let status, _) = admission else {
      throw ApplianceError(.inconsistent, "not stored: \(admission)")
    }
    return status
  }

  /// Takes one message to its end.
  func answer(_ work: Work, by worker: String, _ reply: String) async throws {
    try await finish(work.id, by: worker, reply: reply, usage: TokenUsage(), at: .noon)
  }
}

extension SenderLimits {
  /// More than any test needs.
  static let wide = SenderLimits(messagesPerMinute: 1_000, burst: 100_000, queued: 100_000)
}

/// Decides on direct messages: enough of the policy for what the timeline does with a decision.
enum TestJudge {
  static func verdict(on message: InboundMessage, by rules: AccessRules) -> AdmissionVerdict {
    let parts = [message.channel, message.client, message.sender ?? "", message.session]
    return AdmissionVerdict(
      decision: decision(on: message, by: rules),
      session: SessionKey(rawValue: parts.joined(separator: "/")))
  }

  private static func decision(
    on message: InboundMessage, by rules: AccessRules
  ) -> AccessDecision {
    guard let sender = message.sender else {
      return AccessDecision(
        .permitted, .client, rule: "builtin.client",
        tier: message.client == AccessPrincipal.operatorClient ? .owner : .internal)
    }
    let field = "channels.\(message.channel)"
    guard let channel = rules.channels[message.channel] else {
      return AccessDecision(.denied, .unknownChannel, rule: field)
    }
    if rules.denied.contains(sender) || channel.deny.contains(sender) {
      return AccessDecision(.denied, .senderDenied, rule: "senders.denied", entry: sender)
    }
    if channel.dmPolicy == .disabled {
      return AccessDecision(.denied, .channelDisabled, rule: "\(field).dmPolicy")
    }
    if rules.owners.contains(sender) {
      return AccessDecision(
        .permitted, .owner, rule: "senders.owners", entry: sender, tier: .owner)
    }
    if channel.allow.contains(sender) {
      return AccessDecision(
        .permitted, .listed, rule: "\(field).allow", entry: sender, tier: .external)
    }
    guard channel.dmPolicy == .open else {
      return AccessDecision(.denied, .unknownSender, rule: "\(field).dmPolicy")
    }
    return AccessDecision(.permitted, .open, rule: "\(field).dmPolicy", tier: .unknown)
  }
}

extension Date {
  static let noon = Date(timeIntervalSince1970: 1_750_000_000)
}

extension InboundMessage {
  /// A message of a client that speaks for itself.
  static func example(
    _ text: String = "hello", key: String, session: String = "main",
    client: String = "token:gateway"
  ) -> InboundMessage {
    InboundMessage(
      channel: "web", client: client, sender: nil, session: session, text: text,
      idempotencyKey: key)
  }

  /// A message that a channel delivers for a sender.
  static func delivered(
    by sender: String, on channel: String = "team", key: String = "1"
  ) -> InboundMessage {
    InboundMessage(
      channel: channel, client: "channel:\(channel)", sender: sender, session: "main",
      text: "hello", idempotencyKey: key)
  }
}

/// The code of the error that `body` ends with, nil when it succeeds.
func errorCode(
  of body: () async throws -> Void
) async -> ApplianceError.Code? {
  do {
    try await body()
    return nil
  } catch {
    return (error as? ApplianceError)?.code ?? ApplianceError.Code("\(type(of: error))")
  }
}
