// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Timeline

/// One message, stored once however often it is delivered.
struct AdmissionTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  @Test func storesAMessageAsQueued() async throws {
    try await withStore(path) { store in
      let admission = try await store.admit(.example(key: "1", session: "s-1"), at: .noon)
      guard case .stored(let status, let isRepeat) = admission else {
        Issue.record("\(admission)")
        return
      }
      #expect(!isRepeat)
      #expect(status.state == .queued)
      #expect(status.client == "token:gateway")
      #expect(status.session == "s-1")
      #expect(status.reply == nil && status.usage == nil)
      for name in [status.id.rawValue, status.traceID.rawValue] {
        #expect(name.utf8.count == 32 && name.allSatisfy(\.isHexDigit))
      }
      #expect(try await store.counts() == ["queued": 1])
      #expect(try await store.rows("SELECT received_at FROM inbound") == ["1750000000.0"])
    }
  }

  @Test func answersARepeatWithTheFirstDelivery() async throws {
    try await withStore(path) { store in
      let first = try await store.queue(.example(key: "1"))
      let again = try await store.admit(.example(key: "1"), at: Date.noon + 60)
      #expect(again == .stored(first, isRepeat: true))
      #expect(try await store.counts() == ["queued": 1])
    }
  }

  @Test func answersARepeatWithTheReply() async throws {
    try await withStore(path) { store in
      let first = try await store.queue(.example(key: "1"))
      let usage = TokenUsage(input: 7, output: 9)
      #expect(try await store.lease(to: "w")?.id == first.id)
      try await store.finish(first.id, by: "w", reply: "done", usage: usage, at: .noon)
      let answered = MessageStatus(
        id: first.id, traceID: first.traceID, client: first.client, session: first.session,
        state: .answered, reply: "done", usage: usage)
      #expect(
        try await store.admit(.example(key: "1"), at: .noon) == .stored(answered, isRepeat: true))
      #expect(try await store.status(of: first.id, client: first.client) == answered)
    }
  }

  @Test func recognisesARepeatAfterARestart() async throws {
    let first = try await withStore(path) { try await $0.queue(.example(key: "1")) }
    let again = try await withStore(path) { try await $0.admit(.example(key: "1"), at: .noon) }
    #expect(again == .stored(first, isRepeat: true))
  }

  static let others = [
    InboundMessage.example("goodbye", key: "1"), .example(key: "1", session: "other"),
    InboundMessage(
      channel: "team", client: "token:gateway", sender: nil, session: "main", text: "hello",
      idempotencyKey: "1"),
    InboundMessage(
      channel: "web", client: "token:gateway", sender: "U1", session: "main", text: "hello",
      idempotencyKey: "1"),
    InboundMessage(
      channel: "web", client: "token:gateway", sender: "", session: "main", text: "hello",
      idempotencyKey: "1"),
  ]

  @Test(arguments: AdmissionTests.others)
  func deniesAKeyThatNamesAnotherMessage(other: InboundMessage) async throws {
    try await withStore(path) { store in
      try await store.setChannel("web", policy: .open, senders: [])
      let first = try await store.queue(.example(key: "1"))
      #expect(try await store.admit(other, at: .noon) == .denied(.keyReused))
      #expect(try await store.counts() == ["queued": 1])
      #expect(
        try await store.admit(.example(key: "1"), at: .noon) == .stored(first, isRepeat: true))
    }
  }

  @Test func keepsTheKeysOfClientsApart() async throws {
    try await withStore(path) { store in
      let one = try await store.queue(.example(key: "1", client: "a"))
      let other = try await store.queue(.example("goodbye", key: "1", client: "b"))
      #expect(one.id != other.id)
      #expect(try await store.status(of: one.id, client: "b") == nil)
      #expect(try await store.status(of: other.id, client: "b") == other)
      #expect(try await store.status(of: MessageID(rawValue: "absent"), client: "b") == nil)
    }
  }

  @Test func storesOneRowForManyDeliveriesAtOnce() async throws {
    try await withStore(path) { store in
      let admissions = try await admitAtOnce(200, to: store) { _ in .example(key: "1") }
      let stored = try admissions.map { try #require($0.stored) }
      #expect(Set(stored.map(\.status.id)).count == 1)
      #expect(stored.filter { !$0.isRepeat }.count == 1)
      #expect(try await store.count("inbound") == 1)
    }
  }

  @Test func storesARowForEachKey() async throws {
    try await withStore(path) { store in
      let admissions = try await admitAtOnce(200, to: store) { .example(key: "\($0 / 2)") }
      let stored = try admissions.map { try #require($0.stored) }
      #expect(Set(stored.map(\.status.id)).count == 100)
      #expect(stored.filter { !$0.isRepeat }.count == 100)
      #expect(try await store.count("inbound") == 100)
    }
  }

  private func admitAtOnce(
    _ count: Int, to store: TimelineStore, _ message: @escaping @Sendable (Int) -> InboundMessage
  ) async throws -> [Admission] {
    try await withThrowingTaskGroup(of: Admission.self) { group in
      for index in 0..<count {
        group.addTask { try await store.admit(message(index), at: .noon) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }
}

extension Admission {
  fileprivate var stored: (status: MessageStatus, isRepeat: Bool)? {
    if case .stored(let status, let isRepeat) = self { return (status, isRepeat) }
    return nil
  }
}
