// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Timeline

/// Texts on their way: in order within a conversation, until they arrive or are given up.
struct DeliveryTests {
  private let folder: TemporaryFolder
  private let store: TimelineStore
  private let start = Date(timeIntervalSince1970: 1_800_000_000)

  init() throws {
    folder = try TemporaryFolder()
    store = try TimelineStore(path: folder.path + "/timeline.db")
  }

  private func send(_ text: String, to conversation: String = "c", on channel: String = "x")
    async throws
  {
    try await store.send(
      text, to: ReplyRoute(conversation: conversation), on: channel, key: text, at: start)
  }

  private func lease(_ seconds: Double = 0, on channel: String = "x") async throws -> [Delivery] {
    try await store.leaseDeliveries(
      on: channel, to: "gateway-1", limit: 8, at: start.addingTimeInterval(seconds))
  }

  private func fail(
    _ delivery: Delivery, _ kind: DeliveryFailure.Class, after seconds: Double,
    retryAfter: Int? = nil
  ) async throws -> Bool {
    try await store.record(
      .failed(DeliveryFailure(kind, "why", retryAfter: retryAfter)), of: delivery.id,
      by: "gateway-1", at: start.addingTimeInterval(seconds), jitter: 1
    ).isGivenUp
  }

  @Test("a conversation is in order, others do not wait for it")
  func order() async throws {
    for text in ["a1", "a2"] { try await send(text, to: "a") }
    try await send("b1", to: "b")
    try await send("y1", to: "a", on: "y")
    let first = try await lease()
    #expect(first.map(\.text) == ["a1", "b1"])
    #expect(try await lease().isEmpty)
    #expect(try await store.nextDelivery(on: "x") == nil)
    try await store.record(.sent(platformID: "p"), of: first[0].id, by: "gateway-1", at: start)
    #expect(try await lease().map(\.text) == ["a2"])
    #expect(try await lease(on: "y").map(\.text) == ["y1"])
  }

  @Test("the same key is the same text")
  func key() async throws {
    try await send("a")
    try await send("a")
    #expect(try await lease().count == 1)
  }

  @Test("what fails comes again later, and where it stopped")
  func again() async throws {
    try await send("a")
    let one = try #require(try await lease().first)
    try await store.record(.sentParts(2), of: one.id, by: "gateway-1", at: start)
    #expect(try await !fail(one, .transient, after: 0))
    #expect(try await lease(1).isEmpty)
    let two = try #require(try await lease(3).first)
    #expect(two.partsSent == 2)
    #expect(try await !fail(two, .busy, after: 3, retryAfter: 100))
    #expect(try await lease(102).isEmpty)
    #expect(try await lease(104).count == 1)
  }

  @Test("a busy platform uses up no attempt, a broken one does")
  func attempts() async throws {
    try await send("a")
    var time = 0.0
    for _ in 0..<20 {
      let delivery = try #require(try await lease(time).first)
      #expect(try await !fail(delivery, .busy, after: time))
      time += 1_000
    }
    for number in 1...RetrySchedule.attemptLimit {
      let delivery = try #require(try await lease(time).first)
      let isDead = try await fail(delivery, .transient, after: time)
      #expect(isDead == (number == RetrySchedule.attemptLimit))
      time += 1_000
    }
    #expect(try await store.deliveries(.dead, limit: 10).count == 1)
  }

  @Test("refused texts and those a day old are given up; an operator has the last word")
  func dead() async throws {
    try await send("a")
    let one = try #require(try await lease().first)
    #expect(try await fail(one, .refused, after: 0))
    try await send("b")
    #expect(try await lease(86_401).isEmpty)
    let dead = try await store.deliveries(.dead, limit: 10)
    #expect(dead.count == 2)
    let again = try await store.decide(one.id, isResubmitted: true, at: start)
    #expect(again.state == .queued)
    await #expect(throws: ApplianceError.self) {
      try await store.decide(one.id, isResubmitted: false, at: start)
    }
    #expect(try await lease(1).map(\.text) == ["a"])
  }

  @Test("whoever lost a lease changes nothing")
  func lost() async throws {
    try await send("a")
    let one = try #require(try await lease().first)
    try await store.releaseDeliveries(of: "gateway-1")
    await #expect(throws: ApplianceError.self) { try await fail(one, .transient, after: 0) }
    #expect(try await lease().map(\.id) == [one.id])
  }

  @Test("one message that cannot be stored keeps none beside it")
  func poison() async throws {
    let rules = AccessRules(channels: ["x": .init(dmPolicy: .open)])
    try await store.setChannel("x", rules.channels["x"])
    func message(_ text: String, _ thread: String?) -> InboundMessage {
      InboundMessage(
        channel: "x", client: "channel:x", sender: "s", session: "default", text: text,
        idempotencyKey: text, place: .init(thread: thread))
    }
    let admissions = try await store.admit(
      [message("one", nil), message("two", "$x\0y"), message("three", nil)], at: start,
      limits: { _ in SenderLimits(messagesPerMinute: 60, burst: 30, queued: 100) },
      cursor: ("x", "next")
    ) { _, message, _ in
      AdmissionVerdict(
        decision: AccessDecision(.permitted, .open, rule: "r", tier: .unknown),
        session: SessionKey(rawValue: message.text))
    }
    #expect(admissions.count == 3 && admissions[1] == .denied(.malformed))
    #expect(try await store.cursor(of: "x") == "next")
    #expect(try await store.counts()["queued"] == 2)
  }
}
