// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Timeline

/// How many messages one sender may write, across restarts and clocks that jump.
struct SenderLimitTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }
  private static let limits = SenderLimits(messagesPerMinute: 6, burst: 3, queued: 100)

  /// What becomes of so many new messages; `nil` stands for one that is stored.
  private func write(
    _ count: Int, to store: TimelineStore, by client: String = "a", at seconds: TimeInterval = 0,
    limits: SenderLimits = Self.limits
  ) async throws -> [Admission.Denial?] {
    var denials: [Admission.Denial?] = []
    for _ in 0..<count {
      let message = InboundMessage.example(key: UUID().uuidString, client: client)
      let admission = try await store.admit(message, at: .noon + seconds, limits: limits)
      if case .denied(let denial) = admission {
        denials.append(denial)
      } else {
        denials.append(nil)
      }
    }
    return denials
  }

  @Test("a burst is taken, then so many a minute")
  func burstAndRate() async throws {
    try await withStore(path) { store in
      let first = try await write(5, to: store)
      #expect(first == [nil, nil, nil, .rateLimited, .rateLimited])
      #expect(try await write(2, to: store, at: 10) == [nil, .rateLimited])
      #expect(try await write(1, to: store, at: 19) == [.rateLimited])
      #expect(try await write(1, to: store, at: 20) == [nil])
      #expect(try await write(4, to: store, at: 9_000) == [nil, nil, nil, .rateLimited])
      #expect(try await write(3, to: store, by: "b", at: 9_000) == [nil, nil, nil])
    }
  }

  @Test("a restart gives nothing back")
  func restart() async throws {
    let before = try await withStore(path) { try await write(3, to: $0) }
    let after = try await withStore(path) { try await write(1, to: $0, at: 1) }
    #expect(before == [nil, nil, nil] && after == [.rateLimited])
  }

  @Test("a repeat of a stored message is answered and counts against nothing")
  func repeats() async throws {
    try await withStore(path) { store in
      let message = InboundMessage.example(key: "1", client: "a")
      let first = try await store.admit(message, at: .noon, limits: Self.limits)
      guard case .stored(let status, _) = first else {
        Issue.record("\(first)")
        return
      }
      for _ in 0..<10 {
        let again = try await store.admit(message, at: .noon, limits: Self.limits)
        #expect(again == .stored(status, isRepeat: true))
      }
      #expect(try await write(3, to: store) == [nil, nil, .rateLimited])
      let again = try await store.admit(message, at: .noon, limits: Self.limits)
      #expect(again == .stored(status, isRepeat: true))
    }
  }

  @Test("a clock that is set back neither locks out nor refills")
  func clockSetBack() async throws {
    try await withStore(path) { store in
      let before = try await write(3, to: store, at: 86_400)
      #expect(before == [nil, nil, nil])
      #expect(try await write(2, to: store) == [.rateLimited, .rateLimited])
      #expect(try await write(2, to: store, at: 10) == [nil, .rateLimited])
    }
  }

  @Test("refusals are recorded once a minute and counted each time")
  func recordsOnceAMinute() async throws {
    try await withStore(path) { store in
      let slow = SenderLimits(messagesPerMinute: 0, burst: 1, queued: 100)
      _ = try await write(50, to: store, limits: slow)
      _ = try await write(50, to: store, at: 59, limits: slow)
      #expect(try await store.rows("SELECT reason FROM denial") == ["rate-limited"])
      _ = try await write(1, to: store, at: 60, limits: slow)
      _ = try await write(1, to: store, at: -60, limits: slow)
      _ = try await write(5, to: store, by: "b", at: 60, limits: slow)
      #expect(try await store.count("denial") == 4)
      #expect(try await store.denialTotals() == ["rate-limited": 105])
      let decisions = try await store.decisions(limit: 100)
      #expect(decisions.filter { $0.reason == "rate-limited" }.count == 4)
    }
  }

  @Test("what waits already is limited too, and a turn that begins makes room")
  func queueIsFull() async throws {
    try await withStore(path) { store in
      let narrow = SenderLimits(messagesPerMinute: 60, burst: 10, queued: 2)
      let first = try await write(4, to: store, limits: narrow)
      #expect(first == [nil, nil, .queueFull, .queueFull])
      #expect(try await write(1, to: store, by: "b", limits: narrow) == [nil])
      #expect(try await store.count("denial") == 1)
      #expect(try await store.lease(to: "w")?.principal.client == "a")
      #expect(try await write(2, to: store, limits: narrow) == [nil, .queueFull])
    }
    try await withStore(path) { store in
      let narrow = SenderLimits(messagesPerMinute: 60, burst: 10, queued: 2)
      let after = try await write(1, to: store, limits: narrow)
      #expect(after == [.queueFull])
    }
  }

  @Test("the table of senders stays small, and who waits stays in it")
  func bounded() async throws {
    try await withStore(path) { store in
      try await store.queue(.example(key: "1", client: "first"))
      try await store.pool.write { db in
        try db.execute(
          sql: """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12298)
            INSERT INTO principal_share (channel, client, sender, has_sender, seen_at)
              SELECT 'c', i, '', 0, i FROM n
            """)
      }
      _ = try await write(3, to: store, by: "newest")
      #expect(try await store.count("principal_share") <= PrincipalRow.limit + 100)
      let kept = try await store.rows(
        "SELECT client FROM principal_share WHERE client IN ('first', 'newest', '1', '12297')")
      #expect(kept.sorted() == ["12297", "first", "newest"])
    }
  }

  @Test("over any time no more is taken than burst and rate allow")
  func property() {
    let seed = SplitMix64.seed(of: "sender limits")
    var random = SplitMix64(seed: seed)
    for _ in 0..<200 {
      let limits = SenderLimits(
        messagesPerMinute: Int.random(in: 0...120, using: &random),
        burst: Int.random(in: 0...20, using: &random), queued: 1)
      var bucket = SenderBucket(limits, at: 0)
      var (now, taken) = (0.0, 0)
      for _ in 0..<500 {
        now += Double.random(in: 0...2, using: &random)
        if bucket.take(limits, at: now) { taken += 1 }
      }
      let most = Double(limits.burst) + now * Double(limits.messagesPerMinute) / 60
      #expect(Double(taken) <= most + 0.001, "seed \(seed)")
    }
  }
}
