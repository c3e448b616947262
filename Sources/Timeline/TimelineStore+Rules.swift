// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import GRDB

extension TimelineStore {
  /// The rules as the rows hold them now. Lists are in the order of their bytes.
  ///
  /// A channel or tool policy whose row cannot be understood is closed, and differs from every
  /// valid one; a sender of an unknown tier is denied.
  public func accessRules() async throws -> AccessRules {
    try await read { try AccessRuleRows.fetch($0) }
  }

  /// Calls `body` with the rules that hold now, and a number that stands for exactly these: what
  /// was derived from them holds as long as the number stays.
  public func withRules<Value: Sendable>(
    _ body: @escaping @Sendable (AccessRules, _ version: UInt64) throws -> Value
  ) async throws -> Value {
    try await commits.perform { [rules] db in
      let (current, version) = try rules.current(in: db)
      return try body(current, version)
    }
  }

  /// Replaces the rules of one channel, or removes it (`nil`). Live on return.
  public func setChannel(_ name: String, _ channel: AccessRules.Channel?) async throws {
    let tools = try channel.map {
      String(decoding: try ApplianceJSON.encode($0.tools), as: UTF8.self)
    }
    try await change { db in
      for table in ["channel_policy", "channel_sender", "channel_denied_sender"] {
        try db.execute(sql: "DELETE FROM \(table) WHERE channel = ?", arguments: [name])
      }
      guard let channel else { return }
      try db.execute(
        sql: """
          INSERT INTO channel_policy (channel, policy, group_policy, require_mention,
            session_scope, tools) VALUES (?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          name, channel.dmPolicy.rawValue, channel.groupPolicy.rawValue, channel.requireMention,
          channel.sessionScope.rawValue, tools,
        ])
      try Self.insert(channel.allow, into: "channel_sender", of: name, in: db)
      try Self.insert(channel.deny, into: "channel_denied_sender", of: name, in: db)
    }
  }

  /// Replaces the lists of senders. Who is owner and internal is an owner. Live on return.
  public func setSenders(
    owners: [String], internal: [String], denied: [String]
  ) async throws {
    try await change { db in
      try db.execute(sql: "DELETE FROM sender_tier; DELETE FROM denied_sender")
      for (tier, senders) in [(SenderTier.owner, owners), (.internal, `internal`)] {
        for sender in senders {
          try db.run(
            "INSERT OR IGNORE INTO sender_tier (sender, tier) VALUES (?, ?)",
            [sender, tier.rawValue])
        }
      }
      for sender in denied {
        try db.run("INSERT OR IGNORE INTO denied_sender (sender) VALUES (?)", [sender])
      }
    }
  }

  /// Replaces the tool policy of the appliance. Live on return.
  public func setToolPolicy(_ policy: ToolPolicy) async throws {
    let text = String(decoding: try ApplianceJSON.encode(policy), as: UTF8.self)
    try await change { db in
      try db.execute(
        sql: """
          INSERT INTO tool_policy (only, policy) VALUES (1, ?)
          ON CONFLICT (only) DO UPDATE SET policy = excluded.policy
          """, arguments: [text])
    }
  }

  private func change(_ body: @escaping @Sendable (Database) throws -> Void) async throws {
    try await commits.perform { [rules] db in
      rules.invalidate()
      try body(db)
    }
  }

  private static func insert(
    _ senders: [String], into table: String, of channel: String, in db: Database
  ) throws {
    for sender in senders {
      try db.run(
        "INSERT OR IGNORE INTO \(table) (channel, sender) VALUES (?, ?)", [channel, sender])
    }
  }
}
