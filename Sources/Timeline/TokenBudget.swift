// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// How many tokens may be used in one day (UTC) by all that a scope covers.
public struct BudgetLimit: Sendable, Codable, Equatable {
  /// As in `appliance`, `channel/web`, `sender/web/alice`.
  public let scope: String
  public let tokens: Int

  public init(scope: String, tokens: Int) { (self.scope, self.tokens) = (scope, tokens) }
}

/// Names tokens that were reserved for one call of a model.
public struct ReservationID: RawRepresentable, Sendable, Codable, Hashable {
  public let rawValue: Int64

  public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// The answer to who wants to use tokens.
public enum BudgetReservation: Sendable, Equatable {
  case granted(ReservationID)
  /// The first limit that would be exceeded, and how much of it is used or reserved.
  case refused(scope: String, used: Int, limit: Int)
}
