// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import FoundationEssentials

/// What the appliance watches for.
public enum Signal: String, Sendable, Codable, CaseIterable {
  /// Runbook 6: far more tokens are used than on other days.
  case tokenSpike = "token-spike"
  /// Runbook 6: many messages of senders that nobody admitted.
  case unknownSenders = "unknown-senders"
  /// Runbook 6: many high-risk calls that were not permitted.
  case highRiskAttempts = "high-risk-attempts"
  /// Runbook 6: many credentials that are nobody's.
  case authFailures = "auth-failures"
  /// What is decided can not be recorded, or the record is broken.
  case auditFailure = "audit-failure"
  /// Soon nothing can be stored.
  case diskSpace = "disk-space"
  /// Who may do what is other than declared.
  case accessDrift = "access-drift"
  /// A component ends again and again.
  case crashLoop = "crash-loop"
  case backupOverdue = "backup-overdue"
  case drillOverdue = "drill-overdue"
  /// A chat platform does not accept a channel's account.
  case channelDown = "channel-down"
  /// A secret of the tomb, or an account of people, ended or soon will.
  case secretExpiry = "secret-expiry"
}

/// One thing that somebody has to know; the same thing again is the same alert.
public struct Alert: Sendable, Codable, Equatable {
  public enum State: String, Sendable, Codable, CaseIterable {
    case open
    /// Somebody said that they know.
    case acknowledged
    /// It is over.
    case closed
  }

  public let id: Int64
  public let signal: Signal
  /// What it is about, as in a channel's or a component's name; empty for the whole appliance.
  public let subject: String
  public let message: String
  public let openedAt: Date
  /// When it was seen last.
  public let lastAt: Date
  public let state: State
  /// Steps of the escalation path that were told.
  public let step: Int
  public let acknowledgedBy: String?

  public init(
    id: Int64, signal: Signal, subject: String, message: String, openedAt: Date, lastAt: Date,
    state: State, step: Int, acknowledgedBy: String?
  ) {
    (self.id, self.signal, self.subject, self.message) = (id, signal, subject, message)
    (self.openedAt, self.lastAt, self.state, self.step) = (openedAt, lastAt, state, step)
    self.acknowledgedBy = acknowledgedBy
  }
}
