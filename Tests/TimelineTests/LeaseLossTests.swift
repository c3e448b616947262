// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import Timeline

/// What happens to a message whose worker is gone.
struct LeaseLossTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  private func expectLost(_ store: TimelineStore, _ id: MessageID, by worker: String) async {
    let step = TurnStep.result(index: 0, .success("x"))
    let recorded = await errorCode { try await store.record(step, of: id, by: worker) }
    #expect(recorded == .leaseLost)
    let finished = await errorCode {
      try await store.finish(id, by: worker, reply: "x", usage: TokenUsage(), at: .noon)
    }
    #expect(finished == .leaseLost)
  }

  @Test func onlyTheHolderRecordsAndFinishes() async throws {
    try await withStore(path) { store in
      let sent = try await store.queue(.example(key: "1"))
      await expectLost(store, sent.id, by: "w")
      let work = try #require(try await store.lease(to: "w"))
      await expectLost(store, work.id, by: "other")
      await expectLost(store, work.id, by: "")
      await expectLost(store, MessageID(rawValue: "absent"), by: "w")
      try await store.releaseLeases(of: "w", at: .noon)
      await expectLost(store, work.id, by: "w")
      #expect(try await store.count("turn_step") == 0)
    }
  }

  @Test func aTurnEndsOnce() async throws {
    try await withStore(path) { store in
      try await store.queue(.example(key: "1"))
      let work = try #require(try await store.lease(to: "w"))
      try await store.answer(work, by: "w", "first")
      await expectLost(store, work.id, by: "w")
      try await store.releaseLeases(of: nil, at: .noon)
      let status = try await store.status(of: work.id, client: "token:gateway")
      #expect(status?.state == .answered && status?.reply == "first")
      #expect(try await store.lease(to: "w") == nil)
    }
  }

  @Test func oneOfManyFinishesCounts() async throws {
    try await withStore(path) { store in
      try await store.queue(.example(key: "1"))
      let work = try #require(try await store.lease(to: "w"))
      let winners = await withTaskGroup(of: String?.self) { group in
        for index in 0..<20 {
          group.addTask {
            let code = await errorCode { try await store.answer(work, by: "w", "\(index)") }
            return code == nil ? "\(index)" : nil
          }
        }
        return await group.reduce(into: [String]()) { winners, winner in
          winner.map { winners.append($0) }
        }
      }
      #expect(winners.count == 1)
      let status = try await store.status(of: work.id, client: "token:gateway")
      #expect(status?.reply == winners.first)
    }
  }

  @Test func releasesTheLeasesOfOneWorker() async throws {
    try await withStore(path) { store in
      for name in ["a", "b", "c"] {
        try await store.queue(.example(name, key: name, session: name))
      }
      let mine = try #require(try await store.lease(to: "one"))
      let theirs = try #require(try await store.lease(to: "two"))
      try await store.releaseLeases(of: "one", at: .noon)
      await expectLost(store, mine.id, by: "one")
      #expect(try await store.counts() == ["processing": 1, "queued": 2])
      let again = try #require(try await store.lease(to: "one"))
      #expect(again.id == mine.id && again.attempt == 2)
      try await store.answer(theirs, by: "two", "done")
    }
  }

  @Test func releasesTheLeaseOfOneMessage() async throws {
    try await withStore(path) { store in
      for name in ["a", "b"] { try await store.queue(.example(name, key: name, session: name)) }
      let first = try #require(try await store.lease(to: "w"))
      let second = try #require(try await store.lease(to: "w"))
      try await store.releaseLeases(of: "other", message: first.id, at: .noon)
      #expect(try await store.counts() == ["processing": 2])
      try await store.releaseLeases(of: "w", message: first.id, at: .noon)
      await expectLost(store, first.id, by: "w")
      try await store.answer(second, by: "w", "done")
      #expect(try await store.lease(to: "w")?.id == first.id)
    }
  }

  @Test func releasesAllLeasesAtStart() async throws {
    try await withStore(path) { store in
      for name in ["a", "b"] { try await store.queue(.example(name, key: name, session: name)) }
      #expect(try await store.lease(to: "one") != nil)
      #expect(try await store.lease(to: "two") != nil)
    }
    try await withStore(path) { store in
      #expect(try await store.lease(to: "three") == nil)
      try await store.releaseLeases(of: nil, at: .noon)
      #expect(try await store.lease(to: "three")?.text == "a")
      #expect(try await store.lease(to: "three")?.attempt == 2)
    }
  }

  @Test func failsAMessageThatWasTriedTooOften() async throws {
    try await withStore(path) { store in
      let sent = try await store.queue(.example("deadly", key: "1"))
      try await store.queue(.example("harmless", key: "2"))
      for attempt in 1...TimelineStore.attemptLimit {
        let work = try #require(try await store.lease(to: "w"))
        #expect(work.id == sent.id && work.attempt == attempt)
        try await store.releaseLeases(of: "w", at: .noon)
      }
      let status = try await store.status(of: sent.id, client: sent.client)
      #expect(status?.state == .failed)
      #expect(status?.reply?.isEmpty == false)
      await expectLost(store, sent.id, by: "w")
      let next = try #require(try await store.lease(to: "w"))
      #expect(next.text == "harmless" && next.attempt == 1 && next.history == [])
      #expect(try await store.counts() == ["failed": 1, "processing": 1])
    }
  }
}
