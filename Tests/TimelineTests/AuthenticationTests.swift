// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Timeline

/// Failed authentications, and the networks they lock out.
struct AuthenticationTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var path: String { folder("timeline.db") }
  private static let network = SourceNetwork("203.0.113.7")
  private static let other = SourceNetwork("2001:db8:1:2::1")

  private func later(_ seconds: TimeInterval) -> Date { .noon.addingTimeInterval(seconds) }

  /// Fails so often, and returns what became of the last time.
  private func fail(
    _ store: TimelineStore, _ count: Int, of network: SourceNetwork = Self.network,
    at seconds: TimeInterval = 0
  ) async throws -> CountedFailure {
    for _ in 1..<count { _ = try await store.countFailure(of: network, at: later(seconds)) }
    return try await store.countFailure(of: network, at: later(seconds))
  }

  @Test func theTenthFailureLocksItsNetworkOut() async throws {
    try await withStore(path) { store in
      let open = CountedFailure(lock: nil, isLockout: false)
      for _ in 1...9 { #expect(try await fail(store, 1) == open) }
      let locked = try await fail(store, 1, at: 5)
      #expect(
        locked == CountedFailure(lock: NetworkLock(until: later(65), clients: []), isLockout: true))
      // What fails meanwhile prolongs nothing.
      let more = try await fail(store, 30, at: 64)
      #expect(
        more == CountedFailure(lock: NetworkLock(until: later(65), clients: []), isLockout: false))
      #expect(try await fail(store, 9, at: 65) == open)
      #expect(try await fail(store, 1, at: 65).lockedUntil == later(65 + 120))
    }
  }

  @Test func otherNetworksAreNotAffected() async throws {
    try await withStore(path) { store in
      _ = try await fail(store, 10)
      #expect(try await fail(store, 9, of: Self.other).lockedUntil == nil)
      #expect(try await Array(store.lockedNetworks(at: later(1)).keys) == [Self.network.text])
      #expect(try await fail(store, 1, of: Self.other).isLockout)
      #expect(try await store.lockedNetworks(at: later(1)).count == 2)
    }
  }

  @Test func failuresAndLockoutsOutliveTheProcess() async throws {
    for round in 0..<9 {
      let counted = try await withStore(path) { try await fail($0, 1, at: TimeInterval(round)) }
      #expect(counted.lockedUntil == nil)
    }
    let tenth = try await withStore(path) { try await fail($0, 1, at: 9) }
    #expect(
      tenth == CountedFailure(lock: NetworkLock(until: later(69), clients: []), isLockout: true))
    try await withStore(path) { store in
      let locked = try await store.lockedNetworks(at: later(10))
      #expect(locked == [Self.network.text: NetworkLock(until: later(69), clients: [])])
      #expect(try await fail(store, 1, at: 10).lockedUntil == later(69))
    }
    // And how often it was locked out before.
    let next = try await withStore(path) { try await fail($0, 10, at: 100) }
    #expect(next.lockedUntil == later(220))
  }

  @Test func aLockComesWithTheClientsThatAreKnownThere() async throws {
    try await withStore(path) { store in
      for _ in 1...3 { try await store.rememberLogin(of: "bot", from: Self.network, at: .noon) }
      try await store.rememberLogin(of: "gateway", from: Self.network, at: later(5))
      try await store.rememberLogin(of: "probe", from: Self.other, at: .noon)
      #expect(try await store.lockedNetworks(at: .noon) == [:])
      _ = try await fail(store, 10)
    }
    try await withStore(path) { store in
      let locked = try await store.lockedNetworks(at: later(1))
      #expect(
        locked == [
          Self.network.text: NetworkLock(until: later(60), clients: ["bot", "gateway"])
        ])
      #expect(try await store.count("authentication_login") == 3)
    }
  }

  @Test func onlyALockThatHoldsIsTold() async throws {
    try await withStore(path) { store in
      _ = try await fail(store, 10)
      for (seconds, isTold) in [(0.0, true), (59, true), (60, false), (-840, true), (-841, false)] {
        let locked = try await store.lockedNetworks(at: later(seconds))
        #expect(locked.isEmpty != isTold, "\(seconds)")
      }
    }
  }

  @Test func concurrentFailuresAllCount() async throws {
    try await withStore(path) { store in
      let lockouts = try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<50 {
          group.addTask { try await store.countFailure(of: Self.network, at: .noon).isLockout }
        }
        return try await group.reduce(into: 0) { if $1 { $0 += 1 } }
      }
      #expect(lockouts == 1)
      #expect(try await store.authenticationTotals() == ["failed": 50, "lockout": 1])
    }
  }

  // MARK: Totals

  @Test func totalsCountSinceTheTimelineBegan() async throws {
    try await withStore(path) { store in
      #expect(try await store.authenticationTotals() == [:])
      #expect(try await store.denialTotals() == [:])
      _ = try await fail(store, 12)
    }
    try await withStore(path) { store in
      _ = try await fail(store, 1, of: Self.other)
      #expect(try await store.authenticationTotals() == ["failed": 13, "lockout": 1])
    }
  }

  @Test func denialsAreCountedByReason() async throws {
    try await withStore(path) { store in
      try await store.setChannel("team", policy: .allowlist, senders: ["U1"])
      try await store.setChannel("ops", policy: .disabled, senders: [])
      for message in [
        InboundMessage.delivered(by: "U2"), .delivered(by: "U3"), .delivered(by: "U1", on: "ops"),
      ] {
        _ = try await store.admit(message, at: .noon)
      }
      #expect(try await store.denialTotals() == ["unknown-sender": 2, "channel-disabled": 1])
    }
  }

  // MARK: Bounds

  /// Who has many addresses must not fill the disk.
  @Test func theOldestNetworksAreForgotten() async throws {
    try await withStore(path) { store in
      try await Self.fill(
        store, "authentication_limit (network, failures, window_start, lockouts, last)",
        "'n' || i, 3, i, 0, i")
      #expect(try await store.count("authentication_limit") == TimelineStore.networkLimit)
      _ = try await fail(store, 10)
      let limit = TimelineStore.networkLimit
      #expect(try await store.count("authentication_limit") == limit + 1 - 100)
      let left = try await store.rows("SELECT network FROM authentication_limit")
      #expect(!left.contains("n1") && !left.contains("n100") && left.contains("n101"))
      #expect(left.contains("n\(limit)") && left.contains(Self.network.text))
      #expect(try await store.lockedNetworks(at: .noon).count == 1)
    }
  }

  @Test func theOldestLoginsAreForgotten() async throws {
    try await withStore(path) { store in
      try await Self.fill(
        store, "authentication_login (network, client, last)", "'n' || (i / 10), 'c' || i, i")
      try await store.rememberLogin(of: "bot", from: Self.network, at: .noon)
      let limit = TimelineStore.networkLimit
      #expect(try await store.count("authentication_login") == limit + 1 - 100)
      let left = try await store.rows("SELECT client FROM authentication_login")
      #expect(!left.contains("c1") && !left.contains("c100") && left.contains("c101"))
      #expect(left.contains("c\(limit)") && left.contains("bot"))
    }
  }

  /// As many rows as a table keeps, oldest first.
  private static func fill(_ store: TimelineStore, _ table: String, _ values: String) async throws {
    try await store.pool.write { db in
      try db.execute(
        sql: """
          WITH RECURSIVE number(i) AS (
            SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < \(TimelineStore.networkLimit))
          INSERT INTO \(table) SELECT \(values) FROM number
          """)
    }
  }

  // MARK: Damage

  struct Damage: Sendable, CustomTestStringConvertible {
    let column: String
    /// An SQL value.
    let value: String
    var testDescription: String { "\(column) = \(value)" }
  }

  private static let limits: [Damage] = [
    Damage(column: "failures", value: "-1"), Damage(column: "failures", value: "1000001"),
    Damage(column: "failures", value: "9223372036854775807"),
    Damage(column: "failures", value: "NULL"), Damage(column: "failures", value: "'three'"),
    Damage(column: "failures", value: "1.5"), Damage(column: "failures", value: "x'00'"),
    Damage(column: "lockouts", value: "-1"), Damage(column: "lockouts", value: "NULL"),
    Damage(column: "lockouts", value: "1e300"), Damage(column: "window_start", value: "9e999"),
    Damage(column: "window_start", value: "NULL"), Damage(column: "window_start", value: "'noon'"),
    Damage(column: "window_start", value: "7"), Damage(column: "locked_until", value: "-9e999"),
    Damage(column: "locked_until", value: "'noon'"), Damage(column: "locked_until", value: "x''"),
  ]

  /// Rows that this program would never write, in a table that takes anything.
  @Test(arguments: limits)
  func aDamagedLimitIsAnError(damage: Damage) async throws {
    try await withStore(path) { store in
      try await store.pool.write { db in
        try db.execute(
          sql: """
            DROP TABLE authentication_limit;
            CREATE TABLE authentication_limit
              (network PRIMARY KEY, failures, window_start, lockouts, locked_until, last);
            INSERT INTO authentication_limit VALUES ('\(Self.network.text)', 1, 1.5, 0, 2.5, 3.5);
            UPDATE authentication_limit SET \(damage.column) = \(damage.value);
            """)
      }
      let code = await errorCode { _ = try await fail(store, 1) }
      #expect(code == .timelineFailed)
      // Nothing of it was stored, and others are counted.
      #expect(try await store.authenticationTotals() == [:])
      #expect(try await fail(store, 1, of: Self.other).lockedUntil == nil)
    }
  }

  @Test(arguments: ["network = NULL", "network = 7", "network = x'00'", "locked_until = 'noon'"])
  func aDamagedLockIsAnErrorOrNoLock(change: String) async throws {
    try await withStore(path) { store in
      try await store.pool.write { db in
        try db.execute(
          sql: """
            DROP TABLE authentication_limit;
            CREATE TABLE authentication_limit (network, locked_until);
            INSERT INTO authentication_limit VALUES ('x', \(later(60).timeIntervalSince1970));
            UPDATE authentication_limit SET \(change);
            """)
      }
      do { #expect(try await store.lockedNetworks(at: .noon) == [:]) } catch {
        #expect((error as? ApplianceError)?.code == .timelineFailed)
      }
    }
  }

  @Test(arguments: [
    "NULL, 1", "7, 1", "'failed', -1", "'failed', NULL", "'failed', 'x'", "'failed', 1.5",
  ])
  func aDamagedTotalIsAnError(values: String) async throws {
    try await withStore(path) { store in
      try await store.pool.write { db in
        try db.execute(
          sql: """
            DROP TABLE authentication_total;
            CREATE TABLE authentication_total (result, count);
            INSERT INTO authentication_total VALUES (\(values));
            """)
      }
      let code = await errorCode { _ = try await store.authenticationTotals() }
      #expect(code == .timelineFailed)
    }
  }

  @Test func aTotalAtItsEndIsAnErrorAndCountsNothingElse() async throws {
    try await withStore(path) { store in
      try await store.pool.write { db in
        try db.execute(
          sql: "INSERT INTO authentication_total VALUES ('failed', 9223372036854775807)")
      }
      let code = await errorCode { _ = try await fail(store, 1) }
      #expect(code == .timelineFailed)
      #expect(try await store.authenticationTotals() == ["failed": Int.max])
      #expect(try await store.count("authentication_limit") == 0)
    }
  }

  /// Times that are numbers, and far from any clock.
  @Test func extremeTimesLockNobodyForLong() async throws {
    for (start, until) in [("1e308", "1e308"), ("-1e308", "-1e308"), ("0.0", "1e308")] {
      try await withStore(folder("\(start)-\(until).db")) { store in
        try await store.pool.write { db in
          try db.execute(
            sql: """
              INSERT INTO authentication_limit
              VALUES ('\(Self.network.text)', 9, \(start), 1000000, \(until), 1e308)
              """)
        }
        #expect(try await store.lockedNetworks(at: .noon) == [:])
        let counted = try await fail(store, 10)
        #expect(counted.lockedUntil.map { $0 <= later(900) } == true)
      }
    }
  }
}
