// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
import GRDB

/// What became of a failed authentication.
public struct CountedFailure: Sendable, Equatable {
  /// `nil` when the network is not locked out.
  public let lock: NetworkLock?
  /// Whether this failure locked it out.
  public let isLockout: Bool

  var lockedUntil: Date? { lock?.until }
}

extension TimelineStore {
  /// Networks that are remembered; those without a failure for the longest time go first.
  static let networkLimit = 10_000

  /// Counts a failed authentication of a source network; durable on return.
  public func countFailure(of network: SourceNetwork, at now: Date) async throws -> CountedFailure {
    try await commits.perform { db in
      var limit = try Self.limit(of: network, in: db) ?? AuthenticationLimit(windowStart: now)
      let wasLocked = limit.isLocked(at: now)
      let isLockout = wasLocked ? false : limit.fail(at: now)
      try Self.store(limit, of: network, at: now, in: db)
      try Self.count(isLockout ? ["failed", "lockout"] : ["failed"], in: db)
      try SignalBucket.count(.authFailures, at: now, in: db)
      if isLockout { try SignalBucket.count(.lockouts, at: now, in: db) }
      return CountedFailure(
        lock: try limit.isLocked(at: now)
          ? Self.lock(network.text, limit.lockedUntil, in: db) : nil,
        isLockout: isLockout)
    }
  }

  /// Remembers from where a client authenticated; durable on return.
  public func rememberLogin(
    of client: String, from network: SourceNetwork, at now: Date
  ) async throws {
    try await commits.perform { db in
      try db.execute(
        sql: """
          INSERT INTO authentication_login (network, client, last) VALUES (?, ?, ?)
          ON CONFLICT (network, client) DO UPDATE SET last = excluded.last
          """, arguments: [network.text, client, now.timeIntervalSince1970])
      try Self.trim("authentication_login", "network, client", in: db)
    }
  }

  /// The networks that are locked out at a time.
  public func lockedNetworks(at now: Date) async throws -> [String: NetworkLock] {
    try await read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT network, locked_until FROM authentication_limit
          WHERE locked_until > ? AND locked_until <= ?
          """,
        arguments: [
          now.timeIntervalSince1970,
          now.timeIntervalSince1970 + AuthenticationLimit.longestLockout,
        ])
      return Dictionary(
        try rows.map { row in
          let network = try row.text("network")
          let until = Date(timeIntervalSince1970: try row.number("locked_until"))
          return (network, try Self.lock(network, until, in: db))
        }, uniquingKeysWith: { first, _ in first })
    }
  }

  /// How many authentications failed, and how many of those locked a network out, since the
  /// timeline began.
  public func authenticationTotals() async throws -> [String: Int] {
    try await read { try Self.counts("SELECT result, count FROM authentication_total", in: $0) }
  }

  private static func lock(
    _ network: String, _ until: Date?, in db: Database
  ) throws -> NetworkLock {
    let clients = try Row.fetchAll(
      db, sql: "SELECT client FROM authentication_login WHERE network = ?", arguments: [network])
    return NetworkLock(
      until: until ?? .distantPast, clients: Set(try clients.map { try $0.text("client") }))
  }

  private static func counts(_ sql: String, in db: Database) throws -> [String: Int] {
    Dictionary(
      try Row.fetchAll(db, sql: sql).map { (try $0.text(at: 0), try $0.total("count")) },
      uniquingKeysWith: max)
  }

  private static func limit(
    of network: SourceNetwork, in db: Database
  ) throws -> AuthenticationLimit? {
    try Row.fetchOne(
      db, sql: "SELECT * FROM authentication_limit WHERE network = ?", arguments: [network.text]
    ).map { row in
      AuthenticationLimit(
        failures: try row.integer("failures"),
        windowStart: Date(timeIntervalSince1970: try row.number("window_start")),
        lockouts: try row.integer("lockouts"),
        lockedUntil: try row.optionalNumber("locked_until").map(Date.init(timeIntervalSince1970:)))
    }
  }

  private static func store(
    _ limit: AuthenticationLimit, of network: SourceNetwork, at now: Date, in db: Database
  ) throws {
    try db.execute(
      sql: """
        INSERT INTO authentication_limit (network, failures, window_start, lockouts, locked_until,
          last) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (network) DO UPDATE SET failures = excluded.failures,
          window_start = excluded.window_start, lockouts = excluded.lockouts,
          locked_until = excluded.locked_until, last = excluded.last
        """,
      arguments: [
        network.text, limit.failures, limit.windowStart.timeIntervalSince1970, limit.lockouts,
        limit.lockedUntil?.timeIntervalSince1970, now.timeIntervalSince1970,
      ])
    try trim("authentication_limit", "network", in: db)
  }

  private static func trim(_ table: String, _ key: String, in db: Database) throws {
    let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
    guard count > networkLimit else { return }
    try db.execute(
      sql: """
        DELETE FROM \(table) WHERE (\(key)) IN (SELECT \(key) FROM \(table) ORDER BY last LIMIT 100)
        """)
  }

  private static func count(_ results: [String], in db: Database) throws {
    for result in results {
      try db.execute(
        sql: """
          INSERT INTO authentication_total (result, count) VALUES (?, 1)
          ON CONFLICT (result) DO UPDATE SET count = count + 1
          """, arguments: [result])
    }
  }
}
