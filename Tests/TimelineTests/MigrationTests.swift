// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Timeline

/// A database of an earlier version keeps its rows and what they meant.
struct MigrationTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  /// Of `["web",null,"main","q4"]`.
  private static let digest =
    "sha256:8d0036f58403e8dc4ba7204d3b6f3ef09cc4e0a2ad079048844d75f312c4eb2d"

  /// What the version before sessions, budgets and approvals wrote.
  private static let rows = """
    INSERT INTO channel_policy VALUES ('team', 'open'), ('ops', 'disabled'), ('web', 'allowlist');
    INSERT INTO channel_sender VALUES ('team', 'U1'), ('web', 'U2');
    INSERT INTO sender_tier VALUES ('U8', 'internal'), ('U9', 'owner');
    INSERT INTO denial (at, channel, client, sender, reason) VALUES
      (1.0, 'team', 'c', 'U3', 'unknown-sender'), (2.0, 'team', 'c', NULL, 'unknown-sender'),
      (3.0, 'ops', 'c', 'U3', 'channel-disabled');
    INSERT INTO inbound (sequence, id, trace, channel, client, idempotency_key, content_digest,
      sender, tier, session, text, received_at, state, attempts, lease, reply) VALUES
      (1, 'm1', 't1', 'team', 'channel:team', 'k1', 'd', 'U1', 'external',
        'team/channel:team/U1/main', 'q1', 1.0, 'answered', 1, NULL, 'a1'),
      (2, 'm2', 't2', 'team', 'channel:team', 'k2', 'd', 'U1', 'external',
        'team/channel:team/U1/main', 'q2', 2.0, 'processing', 1, 'w', NULL),
      (3, 'm3', 't3', 'team', 'channel:team', 'k3', 'd', 'U1', 'external',
        'team/channel:team/U1/main', 'q3', 3.0, 'queued', 0, NULL, NULL),
      (4, 'm4', 't4', 'web', 'token:gateway', 'k4', 'DIGEST', NULL, 'internal',
        'web/token:gateway//main', 'q4', 4.0, 'queued', 0, NULL, NULL),
      (5, 'm5', 't5', 'web', 'token:gateway', 'k5', 'd', '', 'internal',
        'web/token:gateway//main', 'q5', 5.0, 'queued', 0, NULL, NULL);
    INSERT INTO turn_step VALUES ('m2', 0, '{"authorised":{"index":0}}');
    """

  private func makeEarlier() throws {
    let queue = try DatabaseQueue(path: path)
    try TimelineMigrations.migrator.migrate(queue, upTo: "2-audit-anchors")
    try queue.write {
      try $0.execute(sql: Self.rows.replacingOccurrences(of: "DIGEST", with: Self.digest))
    }
    try queue.close()
  }

  private static let rules = AccessRules(
    owners: ["U9"], internal: ["U8"],
    channels: [
      "team": AccessRules.Channel(dmPolicy: .open, allow: ["U1"]),
      "ops": AccessRules.Channel(dmPolicy: .disabled),
      "web": AccessRules.Channel(allow: ["U2"]),
    ])

  @Test("the rules mean what they meant, before the migration and after")
  func rules() async throws {
    try makeEarlier()
    #expect(try TimelineInspection.accessRules(path: path) == Self.rules)
    let migrated = try await withStore(path) { try await $0.accessRules() }
    #expect(migrated == Self.rules)
    #expect(try TimelineInspection.accessRules(path: path) == Self.rules)
  }

  @Test("open messages are leased in their order, with the history of their session")
  func messages() async throws {
    try makeEarlier()
    try await withStore(path) { store in
      try await store.releaseLeases(of: nil, at: .noon)
      var ids: [String] = []
      while let work = try await store.lease(to: "v") {
        ids.append(work.id.rawValue)
        if work.id.rawValue == "m2" {
          #expect(work.attempt == 2 && work.steps == [.authorised(index: 0)])
          #expect(work.history == [Exchange(text: "q1", reply: "a1")])
          #expect(work.principal.sender == "U1" && work.principal.conversation == .direct)
          #expect(work.senderTier == .external && work.taint == [] && !work.isFromBot)
        }
        try await store.answer(work, by: "v", "done")
      }
      #expect(ids.firstIndex(of: "m2") ?? 9 < ids.firstIndex(of: "m3") ?? -1)
      #expect(ids.firstIndex(of: "m4") ?? 9 < ids.firstIndex(of: "m5") ?? -1)
      #expect(try await store.counts() == ["answered": 5])
    }
  }

  @Test("repeats are recognised and statuses read as before")
  func repeats() async throws {
    try makeEarlier()
    try await withStore(path) { store in
      let again = try await store.admit(.example("q4", key: "k4"), at: .noon)
      let status = try await store.status(of: MessageID(rawValue: "m4"), client: "token:gateway")
      #expect(try again == .stored(#require(status), isRepeat: true))
      #expect(status?.session == "main" && status?.state == .queued)
    }
  }

  @Test("refusals go on being counted")
  func denials() async throws {
    try makeEarlier()
    try await withStore(path) { store in
      _ = try await store.admit(.delivered(by: "U3", on: "ops"), at: .noon)
      #expect(
        try await store.denialTotals() == ["unknown-sender": 2, "channel-disabled": 2])
      #expect(try await store.problem(full: true) == nil)
    }
  }

  @Test("a crash between two steps is taken up at the next start")
  func everyStep() async throws {
    for step in ["3-access-rules", "3-fair-queue", "3-decisions", "3-budgets", "3-approvals"] {
      try? FileManager.default.removeItem(atPath: path)  // `try?`: there is none at first
      try makeEarlier()
      let queue = try DatabaseQueue(path: path)
      try TimelineMigrations.migrator.migrate(queue, upTo: step)
      try queue.close()
      #expect(try TimelineInspection.accessRules(path: path) == Self.rules, "\(step)")
      let counts = try await withStore(path) { try await $0.counts() }
      #expect(counts == ["answered": 1, "processing": 1, "queued": 3], "\(step)")
    }
  }
}
