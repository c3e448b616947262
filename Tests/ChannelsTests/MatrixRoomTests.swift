// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import Channels

/// Rooms of one answer of `/sync`, of which one cannot be looked at.
struct MatrixRoomTests {
  private static let alice = "@alice:example.org"
  private static let gone = "!gone:example.org"
  private static let ops = "!ops:example.org"
  private static let last = "!zoo:example.org"

  private func withChannel(
    _ body: (any PollingChannel, ChatPlatforms) async throws -> Void
  ) async throws {
    let platforms = try ChatPlatforms()
    let client = PlatformClient()
    do {
      let route = ChannelRoute(
        name: "ops-room", type: .matrix, baseURL: platforms.url + "/matrix",
        account: "@kafclaw:example.org")
      let secrets = ChannelSecrets(token: SecretValue(copying: ChatPlatforms.matrixToken.utf8))
      let channel = try ChannelCatalog.channel(route, secrets, client: client)
      try await body(try #require(channel as? any PollingChannel), platforms)
    } catch {
      try await client.shutdown()
      throw error
    }
    try await client.shutdown()
  }

  @Test("a room that put the account out keeps no other one's messages from arriving")
  func refused() async throws {
    try await withChannel { channel, platforms in
      let start = try await channel.poll(after: nil).cursor
      try await platforms.matrix("lost", in: Self.gone, from: Self.alice)
      try await platforms.matrix("heard", in: Self.ops, from: Self.alice)
      try await platforms.matrix("heard too", in: Self.last, from: Self.alice)
      try await platforms.fail(
        "gone", status: 403, answer: #"{"errcode":"M_FORBIDDEN","error":"not in this room"}"#)
      let poll = try await channel.poll(after: start)
      #expect(poll.messages.map(\.text) == ["heard", "heard too"])
      #expect(poll.messages.map(\.route?.conversation) == [Self.ops, Self.last])
      #expect(poll.unreadable == 1)
      // What was passed over does not come again; what is said there later does.
      #expect(poll.cursor != start)
      try await platforms.matrix("back", in: Self.gone, from: Self.alice)
      let next = try await channel.poll(after: poll.cursor)
      #expect(next.messages.map(\.text) == ["back"] && next.unreadable == 0)
    }
  }

  static let failures: [(Int, DeliveryFailure.Class)] = [
    (401, .unauthorized), (429, .busy), (500, .transient), (502, .transient),
  ]

  @Test("what will pass fails the whole poll, and nothing is lost", arguments: failures)
  func others(status: Int, kind: DeliveryFailure.Class) async throws {
    try await withChannel { channel, platforms in
      let start = try await channel.poll(after: nil).cursor
      try await platforms.matrix("one", in: Self.gone, from: Self.alice)
      try await platforms.matrix("two", in: Self.ops, from: Self.alice)
      try await platforms.fail("gone", status: status)
      let failure = await #expect(throws: DeliveryFailure.self) {
        _ = try await channel.poll(after: start)
      }
      #expect(failure?.class == kind)
      let again = try await channel.poll(after: start)
      #expect(again.messages.map(\.text) == ["one", "two"] && again.unreadable == 0)
    }
  }
}
