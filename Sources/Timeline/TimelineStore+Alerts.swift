// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
import GRDB

extension ApplianceError.Code {
  /// There is no open alert of this number.
  public static let alertUnknown = Self("alert.unknown")
}

extension TimelineStore {
  /// Alerts that are kept.
  private static let alertLimit = 10_000

  /// Opens an alert, or notes that the open one of this signal and subject is still true.
  public func raise(
    _ signal: Signal, _ subject: String, _ message: String, at now: Date
  ) async throws {
    let time = now.timeIntervalSince1970
    let words = String(
      String.UnicodeScalarView(message.unicodeScalars.filter { $0.value != 0 }.prefix(1_000)))
    try await commits.perform { db in
      try db.run(
        "UPDATE alert SET last_at = ?, message = ? WHERE signal = ? AND subject = ? AND state <> 'closed'",
        [time, words, signal.rawValue, subject])
      guard db.changesCount == 0 else { return }
      try db.run(
        """
        INSERT INTO alert (signal, subject, message, opened_at, last_at, state, next_at)
        VALUES (?, ?, ?, ?, ?, 'open', ?)
        """, [signal.rawValue, subject, words, time, time, time])
      try db.run(
        """
        DELETE FROM alert WHERE state = 'closed'
          AND id <= (SELECT max(id) FROM alert) - ?
        """, [Self.alertLimit])
    }
  }

  /// Closes alerts that were not true since a time.
  public func closeAlerts(notSeenSince time: Date) async throws {
    try await commits.perform { db in
      try db.run(
        "UPDATE alert SET state = 'closed' WHERE state <> 'closed' AND last_at < ?",
        [time.timeIntervalSince1970])
    }
  }

  /// Alerts of states, newest first.
  public func alerts(_ states: [Alert.State], limit: Int = 1_000) async throws -> [Alert] {
    let names = String(
      decoding: try ApplianceJSON.encode(states.map(\.rawValue)), as: UTF8.self)
    return try await read { db in
      try db.rows(
        """
        SELECT * FROM alert WHERE state IN (SELECT value FROM json_each(?))
        ORDER BY id DESC LIMIT ?
        """, [names, limit]
      ).map(Self.alert)
    }
  }

  /// Open alerts whose next step is due, oldest first.
  public func dueAlerts(at now: Date) async throws -> [Alert] {
    try await read { db in
      try db.rows(
        "SELECT * FROM alert WHERE state = 'open' AND next_at <= ? ORDER BY next_at LIMIT 20",
        [now.timeIntervalSince1970]
      ).map(Self.alert)
    }
  }

  /// Notes that a step was told, or could not be.
  ///
  /// - Parameter next: When the next step, or the next attempt at this one, is due.
  public func note(alert id: Int64, step: Int, next: Date) async throws {
    try await commits.perform { db in
      try db.run(
        "UPDATE alert SET step = ?, next_at = ? WHERE id = ? AND state = 'open'",
        [step, next.timeIntervalSince1970, id])
    }
  }

  /// Somebody knows: it goes to nobody else.
  ///
  /// - Throws: `alert.unknown`.
  public func acknowledge(alert id: Int64, by actor: String) async throws -> Alert {
    try await commits.perform { db in
      try db.run(
        "UPDATE alert SET state = 'acknowledged', acknowledged_by = ? WHERE id = ? AND state = 'open'",
        [actor, id])
      guard db.changesCount == 1, let row = try db.row("SELECT * FROM alert WHERE id = ?", [id])
      else {
        throw ApplianceError(
          .alertUnknown, "there is no open alert \(id)", hint: "kafclaw alerts list")
      }
      return try Self.alert(row)
    }
  }

  private static func alert(_ row: Row) throws -> Alert {
    guard let signal = Signal(rawValue: try row.text("signal")),
      let state = Alert.State(rawValue: try row.text("state"))
    else { throw ApplianceError(.timelineFailed, "timeline.db: unknown alert") }
    return Alert(
      id: try row.sequence("id"), signal: signal, subject: try row.text("subject"),
      message: try row.text("message"),
      openedAt: Date(timeIntervalSince1970: try row.number("opened_at")),
      lastAt: Date(timeIntervalSince1970: try row.number("last_at")), state: state,
      step: try row.integer("step"), acknowledgedBy: try row.optionalText("acknowledged_by"))
  }
}

/// What was counted in the time before, for the watches.
public struct WatchFigures: Sendable, Equatable {
  /// Messages of unknown senders.
  public var unknownSenders = 0
  /// Credentials that were nobody's.
  public var authFailures = 0
  /// Networks that were locked out.
  public var lockouts = 0
  /// High-risk calls that were not permitted.
  public var highRiskAttempts = 0
  /// Tokens of the appliance today (UTC), and on each of the seven days before that it was used.
  public var tokensToday = 0
  public var tokensBefore: [Int] = []

  public init() {}
}

extension TimelineStore {
  /// What happened within an hour, and today.
  public func watchFigures(at now: Date) async throws -> WatchFigures {
    let today = BudgetRows.day(of: now)
    return try await read { db in
      var figures = WatchFigures()
      figures.unknownSenders = try SignalBucket.total(.unknownSenders, now, in: db)
      figures.highRiskAttempts = try SignalBucket.total(.highRiskAttempts, now, in: db)
      figures.authFailures = try SignalBucket.total(.authFailures, now, in: db)
      figures.lockouts = try SignalBucket.total(.lockouts, now, in: db)
      for row in try db.rows(
        "SELECT day, used FROM token_day WHERE scope = 'appliance' AND day >= ? AND day <= ?",
        [today - 7, today])
      {
        let used = try row.total("used")
        if try row.sequence("day") == today {
          figures.tokensToday = used
        } else if used > 0 {
          figures.tokensBefore.append(used)
        }
      }
      return figures
    }
  }
}

/// Counts by signal and five minutes, so that no flood of one thing hides another.
enum SignalBucket: String {
  case unknownSenders
  case highRiskAttempts
  case authFailures
  case lockouts

  /// Seconds.
  private static let width = 300.0

  private static func bucket(_ time: Date) -> Int64 {
    Int64(min(max(0, time.timeIntervalSince1970 / width), 1e12))
  }

  static func count(_ signal: SignalBucket, by number: Int = 1, at now: Date, in db: Database)
    throws
  {
    let bucket = bucket(now)
    try db.run(
      """
      INSERT INTO signal_bucket (signal, bucket, count) VALUES (?, ?, ?)
      ON CONFLICT (signal, bucket) DO UPDATE SET count = count + excluded.count
      """, [signal.rawValue, bucket, number])
    try db.run(
      "DELETE FROM signal_bucket WHERE signal = ? AND bucket < ?", [signal.rawValue, bucket - 24])
  }

  /// Of the last hour, and up to five minutes more.
  static func total(_ signal: SignalBucket, _ now: Date, in db: Database) throws -> Int {
    let newest = bucket(now)
    return try db.row(
      """
      SELECT ifnull(sum(count), 0) AS n FROM signal_bucket
      WHERE signal = ? AND bucket BETWEEN ? AND ?
      """, [signal.rawValue, newest - 12, newest + 1])?.total("n") ?? 0
  }
}
