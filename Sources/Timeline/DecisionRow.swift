// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import GRDB

/// One decision on its way into the timeline.
struct DecisionRow {
  /// Rows of each table that are kept; the oldest go first.
  static let limit: Int64 = 200_000

  let kind: DecisionRecord.Kind
  let principal: AccessPrincipal
  let at: Date
  private(set) var verdict: AccessDecision.Verdict
  private(set) var reason: String
  private(set) var rule: String
  private(set) var entry: String?
  var tool: String?
  var message: MessageID?
  var approval: ApprovalID?
  var revision: String?

  init(
    _ kind: DecisionRecord.Kind, _ principal: AccessPrincipal, _ decision: AccessDecision,
    at: Date
  ) {
    (self.kind, self.principal, self.at) = (kind, principal, at)
    (verdict, reason) = (decision.verdict, decision.reason.rawValue)
    (rule, entry) = (decision.rule, decision.entry)
  }

  /// The rules permitted it and a limit did not.
  mutating func refuse(_ refusal: Admission.Denial) {
    (verdict, reason) = (.denied, refusal.rawValue)
    (rule, entry) = ("builtin.sender-limits", nil)
  }

  /// An approval decided.
  mutating func end(as verdict: AccessDecision.Verdict, by approval: ApprovalID) {
    (self.verdict, self.approval) = (verdict, approval)
  }

  func insert(in db: Database) throws {
    try db.run(
      """
      INSERT INTO access_decision (at, kind, channel, client, sender, conversation, tool, verdict,
        reason, rule, entry, message, approval, revision)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        at.timeIntervalSince1970, kind.rawValue, principal.channel, principal.client,
        principal.sender, conversation, tool, verdict.rawValue, reason, rule, entry,
        message?.rawValue, approval?.rawValue, revision,
      ])
    try Self.trim("access_decision", in: db)
    if kind == .tool, verdict == .denied, let tool, ToolName.tiers[tool] == .highRisk {
      try SignalBucket.count(.highRiskAttempts, at: at, in: db)
    }
    try count(in: db)
  }

  /// - Parameter isRecorded: Else it is counted only.
  func insertDenial(_ denial: Admission.Denial, isRecorded: Bool, in db: Database) throws {
    try db.run(
      """
      INSERT INTO denial_total (reason, count) VALUES (?, 1)
      ON CONFLICT (reason) DO UPDATE SET count = count + 1
      """, [denial.rawValue])
    if denial == .unknownSender { try SignalBucket.count(.unknownSenders, at: at, in: db) }
    guard isRecorded else { return try count(in: db) }
    try db.run(
      """
      INSERT INTO denial (at, channel, client, sender, reason, rule, entry)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """,
      [
        at.timeIntervalSince1970, principal.channel, principal.client, principal.sender,
        denial.rawValue, rule, entry,
      ])
    try Self.trim("denial", in: db)
    try insert(in: db)
  }

  private var conversation: String {
    switch principal.conversation {
    case .direct: "direct"
    case .room(let isMention): isMention ? "room-mention" : "room"
    }
  }

  private func count(in db: Database) throws {
    // A channel that no rule knows may have any name: the table stays small.
    let isUnknown = reason == AccessDecision.Reason.unknownChannel.rawValue
    try db.run(
      """
      INSERT INTO decision_total (channel, verdict, reason, count) VALUES (?, ?, ?, 1)
      ON CONFLICT (channel, verdict, reason) DO UPDATE SET count = count + 1
      """, [isUnknown ? DecisionCount.unknownChannel : principal.channel, verdict.rawValue, reason])
  }

  private static func trim(_ table: String, in db: Database) throws {
    try db.run("DELETE FROM \(table) WHERE sequence <= ?", [db.lastInsertedRowID - limit])
  }
}
