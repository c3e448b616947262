// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

@testable import Timeline

/// Tokens are reserved before a call and settled after it, whatever happens between.
struct BudgetTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }

  private static func limits(_ tokens: Int = 100, channel: Int = 1_000) -> [BudgetLimit] {
    [
      BudgetLimit(scope: "appliance", tokens: tokens),
      BudgetLimit(scope: "channel/web", tokens: channel),
    ]
  }

  /// A message that `w` holds.
  private func begin(_ store: TimelineStore, key: String = "1") async throws -> MessageID {
    try await store.queue(.example(key: key, session: key))
    return try #require(try await store.lease(to: "w")).id
  }

  private func reserve(
    _ tokens: Int, _ store: TimelineStore, _ id: MessageID, limits: [BudgetLimit] = limits(),
    at now: Date = .noon
  ) async throws -> ReservationID? {
    let answer = try await store.reserve(tokens, for: id, by: "w", limits: limits, at: now)
    if case .granted(let reservation) = answer { return reservation }
    return nil
  }

  @Test("what is reserved counts, and what was used replaces it")
  func reservesAndSettles() async throws {
    try await withStore(path) { store in
      let id = try await begin(store)
      let first = try #require(try await reserve(60, store, id))
      let refused = try await store.reserve(
        50, for: id, by: "w", limits: Self.limits(), at: .noon)
      #expect(refused == .refused(scope: "appliance", used: 60, limit: 100))
      #expect(try await store.tokensUsed(at: .noon) == ["appliance": 60, "channel/web": 60])
      try await store.settle(first, used: TokenUsage(input: 10, output: 5))
      #expect(try await store.tokensUsed(at: .noon) == ["appliance": 15, "channel/web": 15])
      #expect(try await reserve(85, store, id) != nil)
      #expect(try await reserve(1, store, id) == nil)
      #expect(try await reserve(0, store, id) != nil)
    }
  }

  @Test("a refusal in one scope reserves in none")
  func allOrNothing() async throws {
    try await withStore(path) { store in
      let id = try await begin(store)
      let answer = try await store.reserve(
        20, for: id, by: "w", limits: Self.limits(channel: 10), at: .noon)
      #expect(answer == .refused(scope: "channel/web", used: 0, limit: 10))
      #expect(try await store.tokensUsed(at: .noon) == [:])
    }
  }

  @Test("a reservation is settled once, and without a count it counts whole")
  func settlesOnce() async throws {
    try await withStore(path) { store in
      let id = try await begin(store)
      let one = try #require(try await reserve(30, store, id))
      try await store.settle(one, used: nil)
      try await store.settle(one, used: TokenUsage(input: 1, output: 1))
      try await store.settle(one, used: nil)
      try await store.settle(ReservationID(rawValue: 99), used: nil)
      #expect(try await store.tokensUsed(at: .noon)["appliance"] == 30)
    }
  }

  @Test("what a crash leaves open counts whole")
  func crash() async throws {
    let store = try TimelineStore(path: path)
    let id = try await begin(store)
    let open = try #require(try await reserve(40, store, id))
    try store.pool.close()
    try await withStore(path) { store in
      #expect(try await store.count("token_reservation") == 0)
      try await store.settle(open, used: TokenUsage())
      #expect(try await store.tokensUsed(at: .noon)["appliance"] == 40)
    }
  }

  @Test("a turn that ends or loses its worker leaves nothing reserved")
  func endsWithTheTurn() async throws {
    try await withStore(path) { store in
      let one = try await begin(store)
      _ = try await reserve(10, store, one)
      try await store.finish(one, by: "w", reply: "x", usage: TokenUsage(), at: .noon)
      let two = try await begin(store, key: "2")
      _ = try await reserve(20, store, two)
      try await store.releaseLeases(of: "w", at: .noon)
      #expect(try await store.count("token_reservation") == 0)
      #expect(try await store.tokensUsed(at: .noon)["appliance"] == 30)
      let code = await errorCode { _ = try await reserve(1, store, two) }
      #expect(code == .leaseLost)
    }
  }

  @Test("each day in UTC has its own budget, and a call counts on the day it began")
  func days() async throws {
    let midnight = Date(timeIntervalSince1970: 1_750_032_000)
    try await withStore(path) { store in
      let id = try await begin(store)
      let late = try #require(try await reserve(100, store, id, at: midnight - 1))
      #expect(try await reserve(1, store, id, at: midnight - 0.5) == nil)
      #expect(try await reserve(100, store, id, at: midnight) != nil)
      try await store.settle(late, used: TokenUsage(input: 7))
      #expect(try await store.tokensUsed(at: midnight - 1)["appliance"] == 7)
      #expect(try await store.tokensUsed(at: midnight)["appliance"] == 100)
      _ = try await reserve(1, store, id, at: midnight + 399 * 86_400)
      #expect(try await store.tokensUsed(at: midnight - 1)["appliance"] == 7)
      _ = try await reserve(1, store, id, at: midnight + 400 * 86_400)
      #expect(try await store.tokensUsed(at: midnight - 1) == [:])
    }
  }

  @Test("no number overflows or gives tokens back")
  func hostileNumbers() async throws {
    try await withStore(path) { store in
      let id = try await begin(store)
      let wide = Self.limits(.max, channel: .max)
      for usage in [
        TokenUsage(input: .max, output: .max), TokenUsage(input: .min, output: .min),
        TokenUsage(input: -5, output: 2),
      ] {
        for tokens in [Int.max, .min, -1] {
          let reservation = try #require(try await reserve(tokens, store, id, limits: wide))
          try await store.settle(reservation, used: usage)
        }
      }
      let used = try #require(try await store.tokensUsed(at: .noon)["appliance"])
      #expect(used == 3 * 2 * BudgetRows.entryLimit + 6)
      #expect(try await reserve(1, store, id) == nil)
      #expect(try await reserve(1, store, id, limits: Self.limits(.min)) == nil)
      for now in [Date.distantPast, .distantFuture, Date(timeIntervalSince1970: .infinity)] {
        #expect(try await reserve(1, store, id, at: now) != nil)
      }
    }
  }

  @Test("random calls never use more than is granted, and the ledger adds up")
  func property() async throws {
    let seed = SplitMix64.seed(of: "budgets")
    var random = SplitMix64(seed: seed)
    try await withStore(path) { store in
      let id = try await begin(store)
      var (open, used, reserved) = ([(ReservationID, Int)](), 0, 0)
      for _ in 0..<400 {
        if Bool.random(using: &random), let index = open.indices.randomElement(using: &random) {
          let (reservation, tokens) = open.remove(at: index)
          let actual = Int.random(in: 0...tokens, using: &random)
          let isTold = Bool.random(using: &random)
          try await store.settle(reservation, used: isTold ? TokenUsage(input: actual) : nil)
          (used, reserved) = (used + (isTold ? actual : tokens), reserved - tokens)
        } else {
          let tokens = Int.random(in: 0...300, using: &random)
          let granted = try await reserve(
            tokens, store, id, limits: Self.limits(5_000, channel: .max))
          #expect((granted != nil) == (used + reserved + tokens <= 5_000), "seed \(seed)")
          guard let granted else { continue }
          open.append((granted, tokens))
          reserved += tokens
        }
      }
      #expect(
        try await store.tokensUsed(at: .noon)["appliance"] ?? 0 == used + reserved, "seed \(seed)")
    }
  }
}
