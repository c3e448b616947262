// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Timeline

/// What is over is removed, what is open stays.
struct RetentionTests {
  private let start = Date(timeIntervalSince1970: 1_800_000_000)

  private func admit(_ store: TimelineStore, _ key: String, at time: Date) async throws {
    let message = InboundMessage(
      channel: "web", client: "token:a", sender: nil, session: key, text: "hi",
      idempotencyKey: key)
    _ = try await store.admit(
      message, at: time,
      limits: SenderLimits(messagesPerMinute: 6_000, burst: 6_000, queued: 6_000)
    ) { _, _ in
      AdmissionVerdict(
        decision: AccessDecision(.permitted, .client, rule: "r", tier: .internal),
        session: SessionKey(rawValue: key))
    }
  }

  @Test("old messages go with their turns, open ones and young ones stay")
  func forget() async throws {
    let folder = try TemporaryFolder()
    let store = try TimelineStore(path: folder.path + "/timeline.db")
    for key in ["old", "open"] { try await admit(store, key, at: start) }
    let work = try #require(try await store.lease(to: "w"))
    let call = ToolCall(index: 0, tool: "read_file", arguments: [:], batch: 0, reference: nil)
    try await store.record(.intent(call), of: work.id, by: "w")
    try await store.finish(work.id, by: "w", reply: "x", usage: TokenUsage(), at: start)
    try await admit(store, "young", at: start.addingTimeInterval(86_400 * 40))
    try await store.send(
      "text", to: ReplyRoute(conversation: "c"), on: "x", key: "k", at: start)
    let cut = start.addingTimeInterval(86_400 * 30)
    var removed = 0
    while true {
      let some = try await store.forget(before: cut)
      removed += some
      if some == 0 { break }
    }
    // The old message and the decisions about both old ones.
    #expect(removed == 3)
    #expect(try await store.counts() == ["queued": 2])
    #expect(try await store.deliveries(.queued, limit: 10).count == 1)
    let next = try #require(try await store.lease(to: "w"))
    #expect(next.session.rawValue == "open")
  }

  @Test("many are removed piece by piece")
  func pieces() async throws {
    let folder = try TemporaryFolder()
    let store = try TimelineStore(path: folder.path + "/timeline.db")
    for number in 0..<1_100 { try await admit(store, "m\(number)", at: start) }
    let later = start.addingTimeInterval(86_400)
    #expect(try await store.forget(before: later) == TimelineStore.forgottenAtOnce)
    #expect(try await store.forget(before: later) == TimelineStore.forgottenAtOnce)
    #expect(try await store.forget(before: later) == 100)
    #expect(try await store.forget(before: later) == 0)
  }
}
