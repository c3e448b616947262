// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Timeline

/// Random traffic over sessions that several senders share: order is kept and nothing crosses.
struct QueuePropertyTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// What should be true of the queue.
  private struct Model {
    /// Texts of each session's messages that have not ended, in order.
    var open: [String: [String]] = [:]
    /// Sessions whose first message is leased.
    var running: [String: Work] = [:]
    /// Sessions whose first message waits, and for what.
    var waiting: [String: String] = [:]
    var number = 0
    var failed = 0

    /// The worker of a session's message is gone.
    mutating func lose(_ session: String) {
      guard let work = running.removeValue(forKey: session) else { return }
      guard work.attempt >= TimelineStore.attemptLimit else { return }
      open[session]?.removeFirst()
      failed += 1
    }

    var hasReady: Bool {
      open.contains { !$0.value.isEmpty && running[$0.key] == nil && waiting[$0.key] == nil }
    }
  }

  @Test("random traffic", arguments: 0..<4)
  func randomTraffic(round: Int) async throws {
    let seed = SplitMix64.seed(of: "queue \(round)")
    var random = SplitMix64(seed: seed)
    let path = folder("\(round).db")
    var store = try TimelineStore(path: path)
    var model = Model()
    for step in 0..<500 {
      switch Int.random(in: 0..<20, using: &random) {
      case 0..<8: try await admit(to: store, &model, &random)
      case 8..<13: try await lease(from: store, &model, "seed \(seed) step \(step)")
      case 13..<16: try await end(in: store, &model, &random)
      case 16: try await release(in: store, &model, &random)
      case 17: try await park(in: store, &model, &random)
      case 18: try await decide(in: store, &model, &random)
      default:
        try store.pool.close()
        store = try TimelineStore(path: path)
        try await store.releaseLeases(of: nil, at: .noon)
        for session in Array(model.running.keys) { model.lose(session) }
      }
      try await expectConsistent(store, "seed \(seed) step \(step)")
    }
    for id in model.waiting.values { try await store.say(.no(id)) }
    model.waiting = [:]
    try await store.releaseLeases(of: nil, at: .noon)
    for session in Array(model.running.keys) { model.lose(session) }
    for _ in 0..<1_000 where model.hasReady {
      try await lease(from: store, &model, "seed \(seed) at the end")
      try await end(in: store, &model, &random)
    }
    #expect(try await store.lease(to: "w") == nil, "seed \(seed)")
    let ended = ["answered": model.number - model.failed, "failed": model.failed]
    #expect(try await store.counts() == ended.filter { $0.value > 0 }, "seed \(seed)")
    try store.close()
  }

  private func admit(
    to store: TimelineStore, _ model: inout Model, _ random: inout SplitMix64
  ) async throws {
    let session = "s\(Int.random(in: 0..<6, using: &random))"
    model.number += 1
    let text = "\(session) \(model.number)"
    let message = InboundMessage(
      channel: "team", client: "c", sender: "U\(Int.random(in: 0..<5, using: &random))",
      session: "", text: text, idempotencyKey: text, place: InboundMessage.Place(room: session))
    let admission = try await store.admit(message, at: .noon, limits: .wide) { _, _ in
      AdmissionVerdict(
        decision: AccessDecision(.permitted, .open, rule: "r", tier: .external),
        session: SessionKey(rawValue: session))
    }
    guard case .stored = admission else {
      Issue.record("\(admission)")
      return
    }
    model.open[session, default: []].append(text)
  }

  private func lease(
    from store: TimelineStore, _ model: inout Model, _ place: String
  ) async throws {
    guard let work = try await store.lease(to: "w") else {
      #expect(!model.hasReady, "\(place)")
      return
    }
    let session = work.session.rawValue
    #expect(model.running[session] == nil && model.waiting[session] == nil, "\(place)")
    #expect(model.open[session]?.first == work.text, "\(place)")
    #expect(work.history.allSatisfy { $0.text.hasPrefix("\(session) ") }, "\(place)")
    #expect(work.principal.conversation == .room(isMention: false), "\(place)")
    model.running[session] = work
  }

  private func end(
    in store: TimelineStore, _ model: inout Model, _ random: inout SplitMix64
  ) async throws {
    let sessions = model.running.keys.sorted()
    guard let session = sessions.randomElement(using: &random),
      let work = model.running.removeValue(forKey: session)
    else { return }
    try await store.answer(work, by: "w", "done")
    model.open[session]?.removeFirst()
  }

  private func release(
    in store: TimelineStore, _ model: inout Model, _ random: inout SplitMix64
  ) async throws {
    guard let session = model.running.keys.sorted().randomElement(using: &random),
      let work = model.running[session]
    else { return }
    try await store.releaseLeases(of: "w", message: work.id, at: .noon)
    model.lose(session)
  }

  private func park(
    in store: TimelineStore, _ model: inout Model, _ random: inout SplitMix64
  ) async throws {
    guard let session = model.running.keys.sorted().randomElement(using: &random),
      let work = model.running.removeValue(forKey: session)
    else { return }
    let id = "approval \(Int.random(in: 0...Int.max, using: &random))"
    _ = try await store.park(.example(id, of: work, digest: .call(id)), by: "w")
    model.waiting[session] = id
  }

  private func decide(
    in store: TimelineStore, _ model: inout Model, _ random: inout SplitMix64
  ) async throws {
    guard let session = model.waiting.keys.sorted().randomElement(using: &random),
      let id = model.waiting.removeValue(forKey: session)
    else { return }
    try await store.say(Bool.random(using: &random) ? .yes(id) : .no(id))
  }

  /// The rows of the queue are those that would be made anew from the messages.
  private func expectConsistent(_ store: TimelineStore, _ place: String) async throws {
    let sessions = "SELECT session, head, principal, state FROM session_queue ORDER BY session"
    let shares = "SELECT id, queued, running, ready FROM principal_share ORDER BY id"
    let rows = (try await store.rows(sessions), try await store.rows(shares))
    let anew = try await store.pool.writeWithoutTransaction { db in
      var found: [[String]] = []
      try db.inTransaction {
        try FairQueue.rebuild(in: db)
        found = try [sessions, shares].map { sql in
          try Row.fetchAll(db, sql: sql).map(TimelineStore.text)
        }
        return .rollback
      }
      return found
    }
    #expect([rows.0, rows.1] == anew, "\(place)")
  }
}
