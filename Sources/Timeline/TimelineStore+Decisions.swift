// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import FoundationEssentials
import GRDB

/// A decision as the timeline keeps it.
public struct DecisionRecord: Sendable, Codable, Equatable {
  public enum Kind: String, Sendable, Codable {
    case admission
    case tool
  }

  public let at: Date
  public let kind: Kind
  public let principal: AccessPrincipal
  public let tool: String?
  public let verdict: AccessDecision.Verdict
  /// A reason of ``AccessDecision``, or the limit that was exceeded.
  public let reason: String
  public let rule: String
  public let entry: String?
  /// `nil` for a message that was not stored.
  public let message: MessageID?
  /// The approval that decided in the end.
  public let approval: ApprovalID?
  /// The commit whose rules held.
  public let revision: String?
}

/// How often it was decided in one way since the timeline began.
public struct DecisionCount: Sendable, Codable, Equatable {
  /// Stands for every channel that no rule knows.
  public static let unknownChannel = "(unknown)"

  public let channel: String
  public let verdict: AccessDecision.Verdict
  public let reason: String
  public let count: Int
}

extension TimelineStore {
  /// The latest decisions, newest first.
  public func decisions(limit: Int) async throws -> [DecisionRecord] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM access_decision ORDER BY sequence DESC LIMIT ?",
        arguments: [max(0, limit)]
      ).map(DecisionRecord.init)
    }
  }

  /// Decisions by channel, verdict and reason, in that order; also those that are kept no more.
  public func decisionCounts() async throws -> [DecisionCount] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM decision_total ORDER BY channel, verdict, reason"
      ).map { row in
        DecisionCount(
          channel: try row.text("channel"),
          verdict: AccessDecision.Verdict(rawValue: try row.text("verdict")) ?? .denied,
          reason: try row.text("reason"), count: try row.total("count"))
      }
    }
  }

  /// Refusals by reason since the timeline began.
  public func denialTotals() async throws -> [String: Int] {
    try await read { db in
      let rows = try Row.fetchAll(db, sql: "SELECT reason, count FROM denial_total")
      return Dictionary(
        try rows.map { (try $0.text("reason"), try $0.total("count")) }, uniquingKeysWith: max)
    }
  }
}

extension DecisionRecord {
  fileprivate init(_ row: Row) throws {
    let word = try row.text("conversation")
    let principal = AccessPrincipal(
      channel: try row.text("channel"), client: try row.text("client"),
      sender: try row.optionalText("sender"),
      conversation: word == "direct" ? .direct : .room(isMention: word == "room-mention"))
    self.init(
      at: Date(timeIntervalSince1970: try row.number("at")),
      kind: Kind(rawValue: try row.text("kind")) ?? .tool, principal: principal,
      tool: try row.optionalText("tool"),
      verdict: AccessDecision.Verdict(rawValue: try row.text("verdict")) ?? .denied,
      reason: try row.text("reason"), rule: try row.text("rule"),
      entry: try row.optionalText("entry"),
      message: try row.optionalText("message").map(MessageID.init(rawValue:)),
      approval: try row.optionalText("approval").map(ApprovalID.init(rawValue:)),
      revision: try row.optionalText("revision"))
  }
}
