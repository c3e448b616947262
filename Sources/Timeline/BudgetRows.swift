// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import GRDB

/// The rows of the token ledger.
enum BudgetRows {
  /// Days that are kept.
  static let dayLimit = 400
  /// The most that one entry counts, whatever a provider claims: sums of these never overflow.
  static let entryLimit = 1_000_000_000_000
  /// The most that a day counts.
  private static let dayTotalLimit = 1_000_000_000_000_000

  /// The day of a time, counted from 1970 in UTC.
  static func day(of time: Date) -> Int64 {
    let day = (time.timeIntervalSince1970 / 86_400).rounded(.down)
    return Int64(exactly: min(max(day, -1e9), 1e9)) ?? 0
  }

  /// Used and reserved tokens of a scope.
  static func used(_ scope: String, on day: Int64, in db: Database) throws -> Int {
    let row = try db.row(
      "SELECT used, reserved FROM token_day WHERE day = ? AND scope = ?", [day, scope])
    guard let row else { return 0 }
    return sum(try row.total("used"), try row.total("reserved"))
  }

  static func reserve(
    _ tokens: Int, in scopes: [String], for id: MessageID, on day: Int64, in db: Database
  ) throws -> ReservationID {
    try db.run("DELETE FROM token_day WHERE day < ?", [day - Int64(dayLimit)])
    try db.run(
      "INSERT INTO token_reservation (day, message, tokens) VALUES (?, ?, ?)",
      [day, id.rawValue, tokens])
    let reservation = db.lastInsertedRowID
    for scope in scopes {
      try db.run(
        "INSERT INTO token_reservation_scope (reservation, scope) VALUES (?, ?)",
        [reservation, scope])
      try add(used: 0, reserved: tokens, to: scope, on: day, in: db)
    }
    return ReservationID(rawValue: reservation)
  }

  /// Ends a reservation; one that has ended already stays as it is.
  ///
  /// - Parameter used: `nil` where nobody knows: then all of it.
  static func settle(_ id: Int64, used: Int?, in db: Database) throws {
    guard
      let row = try db.row("SELECT day, tokens FROM token_reservation WHERE id = ?", [id])
    else { return }
    let (day, tokens) = (try row.sequence("day"), try row.total("tokens"))
    for scope in try db.rows(
      "SELECT scope FROM token_reservation_scope WHERE reservation = ?", [id])
    {
      try add(
        used: used ?? tokens, reserved: -tokens, to: try scope.text("scope"), on: day, in: db)
    }
    try db.run("DELETE FROM token_reservation WHERE id = ?", [id])
  }

  /// Ends the reservations of a turn that is over.
  static func settle(of message: MessageID, in db: Database) throws {
    let rows = try db.rows(
      "SELECT id FROM token_reservation WHERE message = ?", [message.rawValue])
    for row in rows { try settle(try row.sequence("id"), used: nil, in: db) }
  }

  /// Ends all that a crash left open: the calls may have been made.
  static func settleAll(in db: Database) throws {
    for row in try db.rows("SELECT id FROM token_reservation") {
      try settle(try row.sequence("id"), used: nil, in: db)
    }
  }

  /// A provider's count; what no count can be does not make it smaller.
  static func total(_ usage: TokenUsage) -> Int {
    sum(clamped(usage.input), clamped(usage.output))
  }

  static func clamped(_ tokens: Int) -> Int { min(max(0, tokens), entryLimit) }

  static func sum(_ one: Int, _ other: Int) -> Int {
    let (sum, isOver) = one.addingReportingOverflow(other)
    return isOver ? Int.max : sum
  }

  private static func add(
    used: Int, reserved: Int, to scope: String, on day: Int64, in db: Database
  ) throws {
    try db.run("INSERT OR IGNORE INTO token_day (day, scope) VALUES (?, ?)", [day, scope])
    try db.run(
      """
      UPDATE token_day SET used = min(?, used + ?), reserved = min(?, max(0, reserved + ?))
      WHERE day = ? AND scope = ?
      """, [dayTotalLimit, used, dayTotalLimit, reserved, day, scope])
  }
}
