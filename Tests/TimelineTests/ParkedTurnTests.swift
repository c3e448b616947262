// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import GRDB
import TestSupport
import Testing

@testable import Timeline

/// A turn that waits for an approval, and what waits behind it.
struct ParkedTurnTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  @Test("only who holds the message asks and parks")
  func leaseIsRequired() async throws {
    try await withStore(path) { store in
      let work = try await store.begin()
      _ = try await store.park(.example("p", of: work), by: "w")
      #expect(await errorCode { _ = try await store.ask(work) } == .leaseLost)
      let parked = await errorCode {
        _ = try await store.park(.example("q", of: work), by: "w")
      }
      #expect(parked == .leaseLost)
      let rows = try await store.approvals()
      #expect(rows.count == 1)
    }
  }

  @Test("a call that waits already is not asked for twice")
  func parksOnce() async throws {
    try await withStore(path) { store in
      let work = try await store.begin()
      _ = try await store.park(.example("p", of: work), by: "w")
      // As after a fault between the two: the message is free, the approval pends.
      try await store.pool.write { try $0.execute(sql: "UPDATE inbound SET waits_for = NULL") }
      try await store.pool.write { try FairQueue.rebuild(in: $0) }
      let again = try #require(try await store.lease(to: "w"))
      #expect(try await store.ask(again) == .missing)
      let parked = try await store.park(.example("q", of: again), by: "w")
      #expect(parked.id.rawValue == "p")
      #expect(try await store.approvals(state: .pending).count == 1)
    }
  }

  @Test("waiting keeps back the session's later messages and nothing else")
  func keepsBackItsSession() async throws {
    try await withStore(path) { store in
      let work = try await store.begin()
      try await store.queue(.example("later", key: "later"))
      try await store.queue(.example("beside", key: "beside", session: "beside"))
      _ = try await store.park(.example("p", of: work), by: "w")
      #expect(try await store.lease(to: "w")?.text == "beside")
      #expect(try await store.lease(to: "w") == nil)
      try await store.say(.no("p"))
      let again = try #require(try await store.lease(to: "w"))
      #expect(again.id == work.id)
      #expect(try await store.lease(to: "w") == nil)
      try await store.answer(again, by: "w", "done")
      #expect(try await store.lease(to: "w")?.text == "later")
    }
  }

  @Test("waiting is not an attempt that failed")
  func waitingIsNoAttempt() async throws {
    try await withStore(path) { store in
      var work = try await store.begin()
      for index in 0..<(2 * TimelineStore.attemptLimit) {
        _ = try await store.park(
          .example("p\(index)", of: work, call: index, digest: .call("\(index)")), by: "w")
        try await store.say(.yes("p\(index)"))
        work = try #require(try await store.lease(to: "w"))
        #expect(work.attempt == 1)
      }
    }
  }

  @Test("a restart loses no approval, and what waits goes on waiting")
  func restart() async throws {
    let store = try TimelineStore(path: path)
    let one = try await store.begin("1", session: "one")
    let two = try await store.begin("2", session: "two")
    let three = try await store.begin("3", session: "three")
    for (id, work) in [("p", one), ("q", two), ("r", three)] {
      _ = try await store.park(.example(id, of: work, digest: .call(id)), by: "w")
    }
    try await store.say(.yes("p", uses: 2))
    try await store.say(.no("r"))
    let before = try await store.approvals()
    try store.pool.close()
    try await withStore(path) { store in
      try await store.releaseLeases(of: nil, at: .noon)
      #expect(try await store.approvals() == before)
      let works = try await store.leaseMany(3)
      #expect(Set(works.map(\.id)) == [one.id, three.id])
      #expect(try await store.ask(one, digest: .call("p")) == .permitted)
      #expect(try await store.ask(three, digest: .call("r")) == .refused(.denied))
      try await store.say(.yes("q"))
      #expect(try await store.lease(to: "w")?.id == two.id)
    }
  }
}
