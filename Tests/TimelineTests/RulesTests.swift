// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import Timeline

/// Access rules as rows: whole, live, and closed where they cannot be understood.
struct RulesTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  private static let rules = AccessRules(
    owners: ["U1"], internal: ["U2", "e\u{301}", "\u{E9}"], denied: ["U3"],
    channels: [
      "team": AccessRules.Channel(
        dmPolicy: .open, groupPolicy: .disabled, requireMention: false, sessionScope: .thread,
        allow: ["U4", "U5"], deny: ["U6"],
        tools: ToolNarrowing(deny: ["exec"], allow: [], profile: .reading, ceiling: .write)),
      "ops": AccessRules.Channel(),
    ],
    tools: ToolPolicy(
      narrowing: ToolNarrowing(deny: ["web_fetch"]), groups: ["mine": ["read_file"]],
      tiers: [.owner: .highRisk, .internal: .write],
      rules: ["r": AccessRules.Rule(channels: ["team"], tools: ToolNarrowing(ceiling: .read))],
      taint: [.web: .read], approvals: ["group:high-risk"], approvalExempt: [.owner]))

  private static func fill(_ store: TimelineStore) async throws {
    for (name, channel) in rules.channels { try await store.setChannel(name, channel) }
    try await store.setSenders(
      owners: rules.owners, internal: rules.internal, denied: rules.denied)
    try await store.setToolPolicy(rules.tools)
  }

  /// Writes with a connection of somebody else.
  private func edit(_ sql: String) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.write { try $0.execute(sql: sql) }
    try queue.close()
  }

  @Test("what is set comes back, also after a restart, byte by byte")
  func roundTrip() async throws {
    try await withStore(path) { store in
      #expect(try await store.accessRules() == AccessRules())
      try await Self.fill(store)
      #expect(try await store.accessRules() == Self.rules)
    }
    let internals = try await withStore(path) { try await $0.accessRules() }.internal
    #expect(internals.map { Array($0.utf8) } == Self.rules.internal.map { Array($0.utf8) })
  }

  @Test("setting replaces as a whole")
  func replaces() async throws {
    try await withStore(path) { store in
      try await Self.fill(store)
      let narrow = AccessRules.Channel(allow: ["U9"])
      try await store.setChannel("team", narrow)
      try await store.setSenders(owners: ["U8", "U8"], internal: ["U8"], denied: [])
      try await store.setToolPolicy(ToolPolicy())
      try await store.setChannel("ops", nil)
      try await store.setChannel("absent", nil)
      #expect(
        try await store.accessRules() == AccessRules(owners: ["U8"], channels: ["team": narrow]))
    }
  }

  @Test("a change by anybody holds for the next message")
  func liveForEverybody() async throws {
    try await withStore(path) { store in
      try await store.setChannel("team", policy: .allowlist, senders: [])
      #expect(try await store.admit(.delivered(by: "U1"), at: .noon) == .denied(.unknownSender))
      try edit("INSERT INTO channel_sender (channel, sender) VALUES ('team', 'U1')")
      try await store.queue(.delivered(by: "U1"))
      try await store.setSenders(owners: [], internal: [], denied: ["U1"])
      let later = InboundMessage.delivered(by: "U1", key: "2")
      #expect(try await store.admit(later, at: .noon) == .denied(.senderDenied))
      try edit("DELETE FROM denied_sender; UPDATE channel_policy SET policy = 'disabled'")
      #expect(try await store.admit(later, at: .noon) == .denied(.channelDisabled))
    }
  }

  @Test("one version stands for one set of rules, and stays while nobody writes them")
  func versions() async throws {
    try await withStore(path) { store in
      let seen = Mutex<[UInt64: AccessRules]>([:])
      func look(_ key: String) async throws -> UInt64 {
        let message = InboundMessage.example(key: key)
        let last = Mutex<UInt64>(0)
        _ = try await store.admit(message, at: .noon, limits: .wide) { rules, version in
          last.withLock { $0 = version }
          let other = seen.withLock { $0.updateValue(rules, forKey: version) }
          #expect(other == nil || other == rules)
          return TestJudge.verdict(on: message, by: rules)
        }
        return last.withLock { $0 }
      }
      let first = try await look("1")
      #expect(try await look("2") == first)
      #expect(try await store.withRules { $1 } == first)
      try await store.setSenders(owners: ["U1"], internal: [], denied: [])
      let second = try await look("3")
      #expect(second > first)
      try edit("DELETE FROM sender_tier")
      #expect(try await look("4") > second)
      #expect(try await store.withRules { rules, _ in rules } == AccessRules())
    }
  }

  @Test("a change that could not be committed does not hold")
  func undoneChange() async throws {
    try await withStore(path) { store in
      try await store.setChannel("team", policy: .allowlist, senders: [])
      try await store.pool.writeWithoutTransaction { db in
        let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
        try db.execute(sql: "PRAGMA max_page_count = \(pages + 1)")
      }
      let senders = (0..<2_000).map { "sender \($0)" }
      await withTaskGroup(of: Void.self) { group in
        for index in 0..<20 {
          group.addTask {
            _ = await errorCode {
              try await store.setChannel("team", policy: .open, senders: senders)
            }
          }
          group.addTask {
            _ = await errorCode {
              _ = try await store.admit(.delivered(by: "U1", key: "\(index)"), at: .noon)
            }
          }
        }
      }
      try await store.pool.writeWithoutTransaction {
        try $0.execute(sql: "PRAGMA max_page_count = 1073741823")
      }
      let rules = try await store.accessRules()
      #expect(rules.channels["team"] == AccessRules.Channel())
      #expect(try await store.withRules { rules, _ in rules } == rules)
    }
  }
}
