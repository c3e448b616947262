// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
import GRDB

extension TimelineStore {
  /// Reserves tokens before a call of a model, in all scopes or in none; durable on return. What is
  /// reserved counts until it is settled.
  ///
  /// - Parameters:
  ///   - tokens: The most that the call can use.
  ///   - limits: Of this day. Of two limits of one scope the lower one holds.
  /// - Throws: `timeline.lease-lost` when `worker` does not hold the message any more.
  public func reserve(
    _ tokens: Int, for id: MessageID, by worker: String, limits: [BudgetLimit], at now: Date
  ) async throws -> BudgetReservation {
    let tokens = BudgetRows.clamped(tokens)
    let day = BudgetRows.day(of: now)
    return try await commits.perform { db in
      _ = try WorkRows.leased(id, by: worker, in: db)
      for limit in limits {
        let used = try BudgetRows.used(limit.scope, on: day, in: db)
        guard BudgetRows.sum(used, tokens) <= limit.tokens else {
          return .refused(scope: limit.scope, used: used, limit: limit.tokens)
        }
      }
      let scopes = Set(limits.map { Array($0.scope.utf8) }).map {
        String(decoding: $0, as: UTF8.self)
      }
      return .granted(
        try BudgetRows.reserve(tokens, in: scopes.sorted(), for: id, on: day, in: db))
    }
  }

  /// Replaces reserved tokens by those that were used, on the day they were reserved; durable on
  /// return. What has been settled already stays as it is.
  ///
  /// - Parameter used: `nil` when the provider did not tell: then all that was reserved.
  public func settle(_ id: ReservationID, used: TokenUsage?) async throws {
    let total = used.map(BudgetRows.total)
    try await commits.perform { try BudgetRows.settle(id.rawValue, used: total, in: $0) }
  }

  /// Tokens that were used or are reserved on the day of a time (UTC), by scope.
  public func tokensUsed(at now: Date) async throws -> [String: Int] {
    try await read { db in
      let rows = try Row.fetchAll(
        db, sql: "SELECT scope, used, reserved FROM token_day WHERE day = ?",
        arguments: [BudgetRows.day(of: now)])
      return Dictionary(
        try rows.map { row in
          (
            try row.text("scope"),
            BudgetRows.sum(try row.total("used"), try row.total("reserved"))
          )
        }, uniquingKeysWith: max)
    }
  }
}
