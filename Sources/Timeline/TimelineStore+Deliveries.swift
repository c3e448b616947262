// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
import GRDB

extension TimelineStore {
  /// Puts a text on its way that answers no message. A `key` that was used already changes nothing.
  public func send(
    _ text: String, to route: ReplyRoute, on channel: String, key: String, at now: Date
  ) async throws {
    guard ![text, channel, key, route.conversation].contains(where: { $0.utf8.contains(0) }) else {
      throw ApplianceError(.malformed, "a text to send must not have a zero byte")
    }
    try await commits.perform { db in
      try DeliveryRows.insert(
        key: key, channel: channel, route: route, text: text, message: nil, at: now, in: db)
    }
  }

  /// Leases what is due on a channel: at most one text of a conversation.
  public func leaseDeliveries(
    on channel: String, to worker: String, limit: Int, at now: Date
  ) async throws -> [Delivery] {
    let time = now.timeIntervalSince1970
    guard
      try await read({ try !DeliveryRows.due(on: channel, at: time, limit: 1, in: $0).isEmpty })
    else { return [] }
    return try await commits.perform { db in
      try DeliveryRows.due(on: channel, at: time, limit: limit, in: db).compactMap { row in
        let sequence = try row.sequence("sequence")
        guard time - (try row.number("created_at")) <= RetrySchedule.ageLimit else {
          try Self.giveUp(sequence, "it was not sent within a day", at: time, in: db)
          return nil
        }
        do {
          let delivery = try DeliveryRows.delivery(row)
          try db.run(
            "UPDATE delivery SET state = 'sending', lease = ? WHERE sequence = ?",
            [worker, sequence])
          return delivery
        } catch let error as ApplianceError {
          // A row that cannot be read must not keep its conversation waiting.
          try Self.giveUp(sequence, error.message, at: time, in: db)
          return nil
        }
      }
    }
  }

  private static func giveUp(
    _ sequence: Int64, _ why: String, at time: Double, in db: Database
  ) throws {
    try db.run(
      "UPDATE delivery SET state = 'dead', error = ?, finished_at = ? WHERE sequence = ?",
      [why, time, sequence])
  }

  /// When the next text on a channel is due; `nil` when none waits but for those that wait for an
  /// earlier one of their conversation.
  public func nextDelivery(on channel: String) async throws -> Date? {
    try await read { db in try DeliveryRows.nextTime(on: channel, in: db) }
  }

  /// Stores what came of an attempt; durable on return.
  ///
  /// - Returns: The delivery's channel, and whether it was given up.
  /// - Throws: `timeline.lease-lost` when `worker` does not hold it any more.
  @discardableResult
  public func record(
    _ outcome: DeliveryOutcome, of id: DeliveryID, by worker: String, at now: Date,
    jitter: Double = .random(in: 0.5...1.5)
  ) async throws -> (channel: String, isGivenUp: Bool) {
    try await commits.perform { db in
      let row = try db.row(
        "SELECT * FROM delivery WHERE sequence = ? AND state = 'sending' AND lease = ?",
        [id.rawValue, worker])
      guard let row else {
        throw ApplianceError(.leaseLost, "delivery \(id.rawValue) is not leased to \(worker)")
      }
      let channel = try row.text("channel")
      let time = now.timeIntervalSince1970
      switch outcome {
      case .sentParts(let parts):
        try db.run(
          "UPDATE delivery SET parts_sent = ? WHERE sequence = ?",
          [min(max(0, parts), 1_000_000), id.rawValue])
        return (channel, false)
      case .sent(let platformID):
        try db.run(
          """
          UPDATE delivery SET state = 'sent', lease = NULL, finished_at = ?, error = NULL,
            attempts = attempts + 1, platform_id = ? WHERE sequence = ?
          """, [time, platformID.map(Self.short), id.rawValue])
        try DeliveryRows.count("sent", on: channel, in: db)
        return (channel, false)
      case .failed(let failure):
        let verdict = RetrySchedule.verdict(
          after: failure,
          attempts: try row.integer("attempts") + (failure.class == .transient ? 1 : 0),
          age: time - (try row.number("created_at")), jitter: jitter)
        try Self.fail(id, failure, verdict, at: time, in: db)
        try DeliveryRows.count(verdict == .giveUp ? "dead" : "retry", on: channel, in: db)
        return (channel, verdict == .giveUp)
      }
    }
  }

  private static func fail(
    _ id: DeliveryID, _ failure: DeliveryFailure, _ verdict: RetrySchedule.Verdict,
    at time: Double, in db: Database
  ) throws {
    let words = Self.short("\(failure.class.rawValue): \(failure.message)")
    // A busy platform, or an account that is not accepted, is no failure of this text.
    let counted = failure.class == .transient || verdict == .giveUp ? 1 : 0
    guard case .again(let pause) = verdict else {
      return try db.run(
        """
        UPDATE delivery SET state = 'dead', lease = NULL, attempts = attempts + ?, error = ?,
          finished_at = ? WHERE sequence = ?
        """, [counted, words, time, id.rawValue])
    }
    try db.run(
      """
      UPDATE delivery SET state = 'queued', lease = NULL, attempts = attempts + ?, error = ?,
        next_at = ? WHERE sequence = ?
      """, [counted, words, time + pause, id.rawValue])
  }

  /// What a platform says, as far as it is kept.
  private static func short(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value != 0 }.prefix(500)))
  }

  /// Puts back what a dead worker held: of `worker`, or all at start. Whether the platform had the
  /// last part nobody knows, so it may get it twice.
  public func releaseDeliveries(of worker: String?) async throws {
    try await commits.perform { db in
      let sql = "UPDATE delivery SET state = 'queued', lease = NULL WHERE state = 'sending'"
      if let worker { try db.run(sql + " AND lease = ?", [worker]) } else { try db.run(sql) }
    }
  }

  /// Deliveries of a state, oldest first.
  public func deliveries(
    _ state: DeliveryRecord.State, limit: Int
  ) async throws -> [DeliveryRecord] {
    try await read { db in
      try db.rows(
        "SELECT * FROM delivery WHERE state = ? ORDER BY sequence LIMIT ?",
        [state.rawValue, limit]
      ).map(DeliveryRows.record)
    }
  }

  /// An operator's word on a dead letter: sent again from where it stopped, or given up for good.
  ///
  /// - Throws: `delivery.unknown` when there is no such dead letter.
  public func decide(
    _ id: DeliveryID, isResubmitted: Bool, at now: Date
  ) async throws -> DeliveryRecord {
    try await commits.perform { db in
      let time = now.timeIntervalSince1970
      if isResubmitted {
        try db.run(
          """
          UPDATE delivery SET state = 'queued', attempts = 0, next_at = ?, created_at = ?,
            finished_at = NULL WHERE sequence = ? AND state = 'dead'
          """, [time, time, id.rawValue])
      } else {
        try db.run(
          """
          UPDATE delivery SET state = 'dropped', finished_at = ?
          WHERE sequence = ? AND state = 'dead'
          """, [time, id.rawValue])
      }
      guard db.changesCount == 1,
        let row = try db.row("SELECT * FROM delivery WHERE sequence = ?", [id.rawValue])
      else {
        throw ApplianceError(
          .deliveryUnknown, "there is no dead letter \(id.rawValue)",
          hint: "kafclaw channels dead-letters list")
      }
      return try DeliveryRows.record(row)
    }
  }

  /// Deliveries by channel and state.
  public func deliveryCounts() async throws -> [(channel: String, state: String, count: Int)] {
    try await read { db in
      try db.rows(Self.deliveryCounting)
        .map { (try $0.text("channel"), try $0.text("state"), try $0.total("n")) }
    }
  }

  /// Texts that are not tried again, by channel.
  public func deadLetterCounts() async throws -> [(channel: String, count: Int)] {
    try await read { db in
      try db.rows(Self.deadLetterCounting).map {
        (try $0.text("channel"), try $0.total("n"))
      }
    }
  }

  static let deliveryCounting =
    "SELECT channel, state, count(*) AS n FROM delivery GROUP BY channel, state"
  static let deadLetterCounting =
    "SELECT channel, count(*) AS n FROM delivery WHERE state = 'dead' GROUP BY channel"

  /// Counts what happened on channels, for good.
  public func count(
    _ events: [(channel: String, event: String, count: Int)], at now: Date
  ) async throws {
    try await commits.perform { db in
      for one in events {
        try DeliveryRows.count(one.event, on: one.channel, by: one.count, in: db)
      }
      // A signature that is nobody's is a credential that is nobody's.
      let forged = events.filter { $0.event == "refused-forged" }.reduce(0) { $0 + $1.count }
      if forged > 0 { try SignalBucket.count(.authFailures, by: forged, at: now, in: db) }
    }
  }

  /// What was counted, by channel and event.
  public func channelTotals() async throws -> [(channel: String, event: String, count: Int)] {
    try await read { db in
      try db.rows("SELECT * FROM channel_total ORDER BY channel, event")
        .map { (try $0.text("channel"), try $0.text("event"), try $0.total("count")) }
    }
  }
}

extension ApplianceError.Code {
  /// There is no dead letter of this number.
  public static let deliveryUnknown = Self("delivery.unknown")
}
