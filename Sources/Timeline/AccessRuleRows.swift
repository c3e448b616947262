// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import GRDB

/// The rows that hold the access rules, and what they mean.
///
/// Anybody with a tool can edit them. A row that cannot be understood permits nothing, and shows as
/// a value that no desired state has, so that the next pass writes it anew.
enum AccessRuleRows {
  /// Stands in a list where no desired state can have put it.
  static let unreadable = "(unreadable row)"

  /// What a channel's row means that cannot be understood.
  static let closedChannel = AccessRules.Channel(
    dmPolicy: .disabled, groupPolicy: .disabled, deny: [unreadable],
    tools: ToolNarrowing(
      deny: [unreadable], allow: [], profile: ToolProfile.none, ceiling: ToolTier.none))

  /// What a tool policy means that cannot be understood.
  static let closedPolicy = ToolPolicy(narrowing: closedChannel.tools)

  static func fetch(_ db: Database) throws -> AccessRules {
    guard try db.tableExists("channel_policy") else { return AccessRules() }
    var rules = AccessRules(tools: try policy(in: db))
    for (sender, tier) in try pairs("SELECT sender, tier FROM sender_tier", in: db) {
      switch tier {
      case SenderTier.owner.rawValue: rules.owners.append(sender)
      case SenderTier.internal.rawValue: rules.internal.append(sender)
      default: rules.denied.append(sender)
      }
    }
    if try db.tableExists("denied_sender") {
      rules.denied += try pairs("SELECT sender, sender FROM denied_sender", in: db).map(\.0)
    }
    rules.channels = try channels(in: db)
    return rules
  }

  private static func channels(in db: Database) throws -> [String: AccessRules.Channel] {
    var channels: [String: AccessRules.Channel] = [:]
    for row in try Row.fetchAll(db, sql: "SELECT * FROM channel_policy ORDER BY channel") {
      let name = try row.text("channel")
      // Names that Swift takes for the same one are two rows.
      channels[name] = channels[name] == nil ? channel(row) ?? closedChannel : closedChannel
    }
    for (name, sender) in try pairs("SELECT channel, sender FROM channel_sender", in: db) {
      channels[name, default: closedChannel].allow.append(sender)
    }
    guard try db.tableExists("channel_denied_sender") else { return channels }
    for (name, sender) in try pairs("SELECT channel, sender FROM channel_denied_sender", in: db) {
      channels[name, default: closedChannel].deny.append(sender)
    }
    return channels
  }

  /// `nil` when the row cannot be understood.
  private static func channel(_ row: Row) -> AccessRules.Channel? {
    // `try?`: what has an impossible value is a row that cannot be understood.
    guard let word = try? row.text("policy"), let dmPolicy = AdmissionPolicy(rawValue: word) else {
      return nil
    }
    guard row.hasColumn("group_policy") else { return AccessRules.Channel(dmPolicy: dmPolicy) }
    guard
      let word = try? row.text("group_policy"),  // `try?`: as above
      let groupPolicy = AdmissionPolicy(rawValue: word),
      let mention = try? row.integer("require_mention"), mention <= 1,  // `try?`: as above
      let scope = try? row.text("session_scope"),  // `try?`: as above
      let sessionScope = SessionScope(rawValue: scope),
      let text = try? row.text("tools"),  // `try?`: as above
      let tools = value(ToolNarrowing.self, text)
    else { return nil }
    return AccessRules.Channel(
      dmPolicy: dmPolicy, groupPolicy: groupPolicy, requireMention: mention == 1,
      sessionScope: sessionScope, tools: tools)
  }

  /// Without a row no sender tier has a tool.
  private static func policy(in db: Database) throws -> ToolPolicy {
    guard
      try db.tableExists("tool_policy"),
      let row = try Row.fetchOne(db, sql: "SELECT policy FROM tool_policy")
    else { return ToolPolicy() }
    return value(ToolPolicy.self, try row.text(at: 0)) ?? closedPolicy
  }

  /// A value whose text says nothing that the value does not: a misspelt field is no field.
  private static func value<Value: Codable>(_ type: Value.Type, _ text: String) -> Value? {
    do {
      let value = try ApplianceJSON.decode(type, from: text.utf8)
      let stored = try ApplianceJSON.decode(JSONValue.self, from: text.utf8)
      let bytes = try ApplianceJSON.encode(value)
      let understood = try ApplianceJSON.decode(JSONValue.self, from: bytes)
      return stored == understood ? value : nil
    } catch {
      // Text that is not the JSON of the type cannot be understood.
      return nil
    }
  }

  /// The two texts of every row, in the order of their bytes.
  private static func pairs(_ sql: String, in db: Database) throws -> [(String, String)] {
    let rows = try Row.fetchCursor(db, sql: sql + " ORDER BY 1, 2")
    var pairs: [(String, String)] = []
    while let row = try rows.next() { pairs.append((try row.text(at: 0), try row.text(at: 1))) }
    return pairs
  }
}
