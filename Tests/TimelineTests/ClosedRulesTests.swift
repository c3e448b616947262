// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import GRDB
import TestSupport
import Testing

@testable import Timeline

/// Rows that cannot be understood permit nothing, and show.
struct ClosedRulesTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  /// Writes with a connection of somebody else.
  private func edit(_ sql: String) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.write { try $0.execute(sql: sql) }
    try queue.close()
  }

  static let damages = [
    "UPDATE channel_policy SET policy = 'everybody'",
    "UPDATE channel_policy SET group_policy = ''",
    "UPDATE channel_policy SET session_scope = 'rooms'",
    "UPDATE channel_policy SET require_mention = 7",
    "UPDATE channel_policy SET require_mention = -1",
    "UPDATE channel_policy SET tools = ''",
    "UPDATE channel_policy SET tools = '{\"denny\":[\"exec\"],\"deny\":[]}'",
    "UPDATE channel_policy SET tools = '{\"deny\":[],\"ceiling\":\"unlimited\"}'",
    "UPDATE channel_policy SET tools = '[]'",
    "DELETE FROM channel_policy",
  ]

  @Test("a channel's row that cannot be understood closes it and shows", arguments: damages)
  func closesChannels(damage: String) async throws {
    try await withStore(path) { store in
      let desired = AccessRules.Channel(dmPolicy: .disabled, groupPolicy: .disabled, allow: ["U1"])
      try await store.setChannel("team", desired)
      try edit(damage)
      let found = try #require(try await store.accessRules().channels["team"])
      #expect(found != desired)
      #expect(found.dmPolicy == .disabled && found.groupPolicy == .disabled)
      #expect(found.tools.ceiling == ToolTier.none && found.tools.allow == [])
      #expect(try await store.admit(.delivered(by: "U1"), at: .noon) == .denied(.channelDisabled))
      try await store.setChannel("team", desired)
      #expect(try await store.accessRules().channels["team"] == desired)
    }
  }

  @Test(
    "a tool policy that cannot be understood permits nothing and shows",
    arguments: ["", "{}", "null", "{\"tiers\":{\"owner\":\"high-risk\"}}"])
  func closesTools(text: String) async throws {
    try await withStore(path) { store in
      try await store.setToolPolicy(ToolPolicy(tiers: [.owner: .highRisk]))
      try edit("UPDATE tool_policy SET policy = '\(text)'")
      let found = try await store.accessRules().tools
      #expect(found.tiers == [:] && found.narrowing.ceiling == ToolTier.none)
      #expect(found != ToolPolicy() && found.narrowing.allow == [])
    }
  }

  @Test("a sender of an unknown tier is denied")
  func unknownTier() async throws {
    try await withStore(path) { store in
      try await store.setChannel("team", policy: .open, senders: [])
      try await store.setSenders(owners: ["U1"], internal: [], denied: [])
      try edit("UPDATE sender_tier SET tier = 'emperor'")
      let rules = try await store.accessRules()
      #expect(rules.owners == [] && rules.denied == ["U1"])
      #expect(try await store.admit(.delivered(by: "U1"), at: .noon) == .denied(.senderDenied))
    }
  }
}
