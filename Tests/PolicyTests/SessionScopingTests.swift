// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Policy
import TestSupport
import Testing

/// Which messages share a conversation.
struct SessionScopingTests {
  private static let ids = [
    "", "a", "A", "b", "a/b", "a%2Fb", "%", "%25", "/", "//", "~", "%7E", ".", "..", "\u{E9}",
    "e\u{301}", "a/\u{301}", "\0", "direct", "room", "rooms", "a b", "\u{202E}a",
  ]

  private static func message(_ random: inout SplitMix64) -> InboundMessage {
    func id(_ random: inout SplitMix64) -> String {
      // Few ids half of the time, so that messages meet.
      let count = Bool.random(using: &random) ? 2 : ids.count
      return ids[Int.random(in: 0..<count, using: &random)]
    }
    func maybe(_ random: inout SplitMix64) -> String? {
      Bool.random(using: &random) ? id(&random) : nil
    }
    return InboundMessage(
      channel: id(&random), client: id(&random), sender: maybe(&random), session: id(&random),
      text: "", idempotencyKey: "",
      place: InboundMessage.Place(
        account: maybe(&random), room: maybe(&random), thread: maybe(&random)))
  }

  /// What the scope keeps apart, as values.
  private static func separated(
    _ message: InboundMessage, _ scope: SessionScope
  ) -> [[UInt8]?] {
    let place = message.place
    let account = Array((place.account ?? "").utf8)
    let sender = message.sender.map { Array($0.utf8) }
    let room = place.room.map { Array($0.utf8) } ?? sender
    let thread = place.thread.map { Array($0.utf8) }
    let always: [[UInt8]?] = [
      Array(message.channel.utf8), Array(message.client.utf8), Array(message.session.utf8),
      [place.room == nil ? 0 : 1],
    ]
    switch scope {
    case .channel: return always
    case .account: return always + [account]
    case .room: return always + [account, room]
    case .thread: return always + [account, room, thread]
    case .user: return always + [account, sender]
    }
  }

  @Test("messages share a key exactly when their scope says so", arguments: SessionScope.allCases)
  func separates(_ scope: SessionScope) {
    var random = SplitMix64(seed: SplitMix64.seed(of: "session scope \(scope)"))
    var shared = 0
    for _ in 0..<10_000 {
      let one = Self.message(&random)
      let other = Bool.random(using: &random) ? Self.message(&random) : Self.near(one, &random)
      let keys = [one, other].map { SessionScoping.key(of: $0, scope: scope).rawValue }
      let areOne = Self.separated(one, scope) == Self.separated(other, scope)
      #expect(keys[0].utf8.elementsEqual(keys[1].utf8) == areOne, "\(keys)")
      #expect((keys[0] == keys[1]) == areOne, "\(keys)")
      if areOne { shared += 1 }
    }
    #expect(shared > 500)
  }

  /// A message that differs in one thing at most.
  private static func near(
    _ message: InboundMessage, _ random: inout SplitMix64
  ) -> InboundMessage {
    let other = Self.message(&random)
    let changed = Int.random(in: 0..<8, using: &random)
    return InboundMessage(
      channel: changed == 0 ? other.channel : message.channel,
      client: changed == 1 ? other.client : message.client,
      sender: changed == 2 ? other.sender : message.sender,
      session: changed == 3 ? other.session : message.session, text: "", idempotencyKey: "",
      place: InboundMessage.Place(
        account: changed == 4 ? other.place.account : message.place.account,
        room: changed == 5 ? other.place.room : message.place.room,
        thread: changed == 6 ? other.place.thread : message.place.thread))
  }

  @Test("a key names what it separates and escapes the rest")
  func escapes() {
    let message = InboundMessage(
      channel: "team", client: "token:gateway", sender: "U1/x", session: "main %", text: "",
      idempotencyKey: "", place: InboundMessage.Place(account: "B1", room: "C+1", thread: nil))
    #expect(
      SessionScope.allCases.map { SessionScoping.key(of: message, scope: $0).rawValue } == [
        "team/token:gateway/room/main%20%25",
        "team/token:gateway/room/B1/main%20%25",
        "team/token:gateway/room/B1/C+1/main%20%25",
        "team/token:gateway/room/B1/C+1/~/main%20%25",
        "team/token:gateway/rooms/B1/U1%2Fx/main%20%25",
      ])
  }

  @Test("keys of different scopes are the same only where they separate the same")
  func keepsScopesApart() {
    let message = InboundMessage(
      channel: "team", client: "c", sender: "X", session: "s", text: "", idempotencyKey: "",
      place: InboundMessage.Place(account: "B", room: "X", thread: "X"))
    let keys = Set(SessionScope.allCases.map { SessionScoping.key(of: message, scope: $0) })
    #expect(keys.count == SessionScope.allCases.count)
  }
}
