// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
import GRDB
import SodiumCrypto

extension ApplianceError.Code {
  /// No pairing that waits has this code or number.
  public static let pairingUnknown = Self("pairing.unknown")
  /// Too many codes were tried.
  public static let pairingAttempts = Self("pairing.attempts")
}

extension TimelineStore {
  /// How long a code is good. Seconds.
  public static let pairingLife = 3_600.0
  /// How long a sender who was denied gets no other code. Seconds.
  static let pairingRest = 86_400.0
  /// Codes that wait on one channel; who comes then gets none, so that nobody's is pushed out.
  public static let pairingLimit = 20
  /// Wrong codes in an hour.
  public static let pairingAttemptLimit = 10

  /// A code for an unknown sender; `nil` for one who has one already, was denied, or where too many
  /// wait. The sender's text is put on its way in the same transaction.
  public func requestPairing(
    _ sender: String, on channel: String, to route: ReplyRoute, at now: Date,
    text: @escaping @Sendable (_ code: String) -> String
  ) async throws -> Bool {
    let time = now.timeIntervalSince1970
    return try await commits.perform { db in
      if let row = try db.row(
        "SELECT * FROM pairing WHERE channel = ? AND sender = ?", [channel, sender])
      {
        let rest = try row.text("state") == "denied" ? Self.pairingRest : 0
        // What was said about the channel's former account says nothing about this one.
        let isSame = try row.text("account") == route.account ?? ""
        guard try !isSame || row.number("until") + rest < time else { return false }
        try db.run("DELETE FROM pairing WHERE id = ?", [try row.sequence("id")])
      }
      let pending = try db.row(
        "SELECT count(*) AS n FROM pairing WHERE channel = ? AND state = 'pending' AND until >= ?",
        [channel, time])
      guard try (pending?.total("n") ?? 0) < Self.pairingLimit else { return false }
      try db.run(
        "DELETE FROM pairing WHERE state <> 'approved' AND until < ?", [time - Self.pairingRest])
      let code = PairingCode.make(from: SecureRandom.bytes(8))
      try db.run(
        """
        INSERT INTO pairing (channel, sender, account, code, state, requested_at, until)
        VALUES (?, ?, ?, ?, 'pending', ?, ?)
        """, [channel, sender, route.account ?? "", code, time, time + Self.pairingLife])
      try DeliveryRows.insert(
        key: "pairing-\(db.lastInsertedRowID)", channel: channel, route: route,
        text: text(PairingCode.shown(code)), message: nil, at: now, in: db)
      return true
    }
  }

  /// Pairings that wait or hold, newest first. Codes are not told.
  public func pairings(at now: Date) async throws -> [Pairing] {
    try await read { db in
      try db.rows(
        "SELECT * FROM pairing WHERE until >= ? ORDER BY id DESC LIMIT 1000",
        [now.timeIntervalSince1970]
      ).map(Self.pairing)
    }
  }

  /// Admits the sender who has this code, until a time. Wrong codes are counted.
  ///
  /// - Parameter channels: Those on which there is pairing now.
  /// - Throws: `pairing.unknown`, `pairing.attempts`.
  public func approvePairing(
    _ code: String, on channels: Set<String>, until: Date, by actor: String, at now: Date
  ) async throws -> Pairing {
    let time = now.timeIntervalSince1970
    let approved: Pairing? = try await commits.perform { db in
      try db.run("DELETE FROM pairing_attempt WHERE at < ?", [time - 3_600])
      let tried = try db.row("SELECT count(*) AS n FROM pairing_attempt")?.total("n") ?? 0
      guard tried < Self.pairingAttemptLimit else {
        throw ApplianceError(
          .pairingAttempts, "\(tried) wrong codes were given within an hour",
          hint: "wait, or let the sender ask again")
      }
      let row = try db.row(
        "SELECT * FROM pairing WHERE code = ? AND state = 'pending' AND until >= ?",
        [PairingCode.normal(code), time])
      guard let row, channels.contains(try row.text("channel")) else {
        try db.run("INSERT INTO pairing_attempt (at) VALUES (?)", [time])
        return nil
      }
      let id = try row.sequence("id")
      try db.run(
        "UPDATE pairing SET state = 'approved', until = ?, decided_by = ?, code = '' WHERE id = ?",
        [until.timeIntervalSince1970, actor, id])
      return try db.row("SELECT * FROM pairing WHERE id = ?", [id]).map(Self.pairing)
    }
    guard let approved else {
      throw ApplianceError(
        .pairingUnknown, "no sender waits with this code", hint: "kafclaw pairing list")
    }
    return approved
  }

  /// Denies, or ends, a pairing by its number.
  ///
  /// - Throws: `pairing.unknown`.
  public func denyPairing(_ id: Int64, by actor: String, at now: Date) async throws -> Pairing {
    let time = now.timeIntervalSince1970
    return try await commits.perform { db in
      try db.run(
        """
        UPDATE pairing SET state = 'denied', until = ?, decided_by = ?, code = ''
        WHERE id = ? AND state <> 'denied' AND until >= ?
        """, [time, actor, id, time])
      guard db.changesCount == 1, let row = try db.row("SELECT * FROM pairing WHERE id = ?", [id])
      else {
        throw ApplianceError(
          .pairingUnknown, "there is no pairing \(id)", hint: "kafclaw pairing list")
      }
      return try Self.pairing(row)
    }
  }

  /// Whether an operator admitted a sender for now. Inside a transaction that decides about it.
  static func isPaired(
    _ sender: String, on channel: String, _ account: String?, at now: Date, in db: Database
  ) throws -> Bool {
    try db.row(
      """
      SELECT 1 FROM pairing WHERE channel = ? AND sender = ? AND account = ? AND state = 'approved'
        AND until > ?
      """, [channel, sender, account ?? "", now.timeIntervalSince1970]) != nil
  }

  private static func pairing(_ row: Row) throws -> Pairing {
    guard let state = Pairing.State(rawValue: try row.text("state")) else {
      throw ApplianceError(.timelineFailed, "timeline.db: unknown pairing")
    }
    return Pairing(
      id: try row.sequence("id"), channel: try row.text("channel"),
      sender: try row.text("sender"), state: state,
      requestedAt: Date(timeIntervalSince1970: try row.number("requested_at")),
      until: Date(timeIntervalSince1970: try row.number("until")),
      decidedBy: try row.optionalText("decided_by"))
  }
}
