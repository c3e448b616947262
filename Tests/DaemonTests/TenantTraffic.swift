// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport

/// Messages of a few tenants whose ids are made to be taken for one another.
struct TenantTraffic {
  /// Ids with separators, escapes, the word for what is absent, and two normal forms.
  private static let hostile = [
    "a", "A", "b", "a/b", "b/c", "a%2Fb", "%", "%2F", "~", "", "\u{E9}", "e\u{301}", "a\u{200B}",
    "../a", "a/direct/b", "main", "a b", "\"", "'; DROP TABLE inbound; --",
    String(repeating: "x", count: 300),
  ]
  private static let names = ["team", "team/a", "lobby", "web"]

  let channels: [String]
  let clients: [String]
  let senders: [String?]
  private let sessions: [String]
  private let accounts: [String?]
  private let rooms: [String?]
  private let threads: [String?]

  init(_ random: inout SplitMix64) {
    channels = Self.some(2, of: Self.names, &random)
    clients = Self.some(2, of: ["token:a", "token:a/b", "channel:team", "operator", "~"], &random)
    senders = Self.some(3, of: Self.hostile, &random) + [nil]
    sessions = Self.some(2, of: Self.hostile, &random)
    accounts = [nil] + Self.some(2, of: Self.hostile, &random)
    rooms = [nil] + Self.some(2, of: Self.hostile, &random)
    threads = [nil] + Self.some(1, of: Self.hostile, &random)
  }

  func message(_ random: inout SplitMix64) -> InboundMessage {
    InboundMessage(
      channel: Self.one(of: channels, &random), client: Self.one(of: clients, &random),
      sender: Self.one(of: senders, &random), session: Self.one(of: sessions, &random), text: "",
      idempotencyKey: "",
      place: InboundMessage.Place(
        account: Self.one(of: accounts, &random), room: Self.one(of: rooms, &random),
        thread: Self.one(of: threads, &random), isMention: Bool.random(using: &random)),
      isFromBot: Int.random(in: 0..<10, using: &random) == 0)
  }

  static func one<Value>(of values: [Value], _ random: inout SplitMix64) -> Value {
    values[Int.random(in: values.indices, using: &random)]
  }

  private static func some<Value>(
    _ count: Int, of values: [Value], _ random: inout SplitMix64
  ) -> [Value] {
    Array(values.shuffled(using: &random).prefix(count))
  }
}

extension InboundMessage {
  func saying(_ text: String, key: String) -> InboundMessage {
    InboundMessage(
      channel: channel, client: client, sender: sender, session: session, text: text,
      idempotencyKey: key, place: place, isFromBot: isFromBot)
  }
}
