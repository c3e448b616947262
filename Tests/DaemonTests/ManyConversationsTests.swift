// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing
import Timeline

@testable import Daemon

/// A thousand sessions and a model that takes its time.
struct ManyConversationsTests {
  private static let workers = 32

  @Test(
    "a thousand sessions are answered in order, once, by no more turns than there are workers",
    .timeLimit(.minutes(5)))
  func thousandSessions() async throws {
    try await withBench { bench in
      try await bench.store.setChannel(
        "team", AccessRules.Channel(dmPolicy: .open, groupPolicy: .open, sessionScope: .room))
      let crowd = ConversationCrowd(bench)
      let ids = try await crowd.admit()
      let replies = try await answer(ids, crowd)
      expectOrdered(replies)
      let total = ConversationCrowd.sessions * ConversationCrowd.messages
      #expect(try await bench.store.counts() == ["answered": total])
      #expect(await crowd.model.peak == Self.workers)
      #expect(crowd.signals.noted == total)
      #expect(crowd.signals.alive == 0, "a signal of a message that was answered is kept")
      #expect(try await bench.store.lease(to: "late") == nil)
    }
  }

  /// - Returns: The replies of each session, as its client got them.
  private func answer(_ ids: [[MessageID]], _ crowd: ConversationCrowd) async throws -> [[String]] {
    try await withThrowingTaskGroup(of: Void.self) { workers in
      for number in 0..<Self.workers {
        workers.addTask {
          do { try await crowd.work(as: "w\(number)") } catch {
            // Without a worker the model would wait for ever: that is told at once.
            if !Task.isCancelled { Issue.record(error) }
          }
        }
      }
      let replies = try await withThrowingTaskGroup(of: (Int, [String])?.self) { group in
        for (session, ids) in ids.enumerated() {
          group.addTask { (session, try await crowd.replies(to: ids)) }
        }
        group.addTask {
          try await drive(crowd)
          return nil
        }
        return try await group.reduce(into: Array(repeating: [String](), count: ids.count)) {
          guard let (session, replies) = $1 else { return }
          $0[session] = replies
        }
      }
      workers.cancelAll()
      return replies
    }
  }

  /// Lets the model answer some of those that ask, until all are answered. As long as there are
  /// enough sessions every worker has a turn, and a session has one at a time.
  private func drive(_ crowd: ConversationCrowd) async throws {
    let seed = SplitMix64.seed(of: "thousand sessions")
    var random = SplitMix64(seed: seed)
    var next = Array(repeating: 0, count: ConversationCrowd.sessions)
    var (ended, open) = (0, ConversationCrowd.sessions)
    while open > 0 {
      let count = min(Self.workers, open)
      let works = await crowd.model.works(asking: count, ended: ended)
      #expect(Set(works.map(\.session)).count == count, "seed \(seed)")
      let counts = try await crowd.bench.store.counts()
      #expect(counts["processing"] == count && counts["answered"] ?? 0 == ended, "seed \(seed)")
      let inOrder = works.sorted { $0.text < $1.text }.shuffled(using: &random)
      let chosen = inOrder.prefix(Int.random(in: 1...count, using: &random))
      for work in chosen {
        guard let session = Int(work.text.prefix { $0 != " " }) else { continue }
        #expect(work.text == "\(session) \(next[session])", "seed \(seed)")
        next[session] += 1
        if next[session] == ConversationCrowd.messages { open -= 1 }
      }
      ended += chosen.count
      await crowd.model.release(Array(chosen))
    }
  }

  private func expectOrdered(_ replies: [[String]]) {
    for (session, replies) in replies.enumerated() {
      let texts = (0..<ConversationCrowd.messages).map { "\(session) \($0)" }
      let expected = texts.indices.map { "\(texts[$0]) after \(Array(texts.prefix($0)))" }
      #expect(replies == expected)
    }
  }

  @Test("a thousand calls that were authorised and never run are not all kept")
  func abandonedGrants() async throws {
    try await withBench(.running("/usr/bin/cat")) { bench in
      try await bench.permitExec()
      var places: [CallPlace] = []
      for number in 0..<101 {
        let id = try await bench.turn("w", key: "\(number)")
        for index in 0..<10 {
          try await bench.record(
            .intent(.exec(index, "notes")), of: id, "w")
          #expect(try await bench.verdict(id, index, "w") == .permitted)
          places.append(CallPlace(id, index, worker: "w"))
        }
      }
      let kept = places.count { bench.access.authority.grants.take($0) != nil }
      #expect((1...1_000).contains(kept), "\(kept) are kept")
    }
  }
}
