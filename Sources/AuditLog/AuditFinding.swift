// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// One thing that is wrong with a log, and where.
public struct AuditFinding: Sendable, Codable, Equatable {
  public enum Damage: String, Sendable, Codable {
    /// A line has other bytes than it had.
    case edited
    /// Lines are gone from the middle.
    case removed
    /// A line stands there that was not written there.
    case inserted
    /// Lines stand in another order.
    case reordered
    /// Lines are gone from the end.
    case truncated
    /// Lines were changed and the chain after them computed anew.
    case rewritten
    /// A seal is not by the key that its predecessor names.
    case forged
    /// Lines that no seal covers although one was due.
    case unsealed
    /// A file has not the form of one of this log.
    case malformed
    /// A file is gone.
    case missing
    /// What would tell more could not be read: nothing is known to be wrong, or to be right.
    case unread
  }

  public let file: String
  /// Number of the first line concerned, counted from 0.
  public let sequence: UInt64
  public let damage: Damage
  public let message: String
}

/// What verification found.
public struct AuditVerdict: Sendable, Codable, Equatable {
  /// Lines that were read.
  public internal(set) var lines: UInt64 = 0
  public internal(set) var seals: UInt64 = 0
  /// Lines after the last seal: whoever has the present key could still change them unseen.
  public internal(set) var unsealed: UInt64 = 0
  /// The hash tree's root over all lines.
  public internal(set) var root = ""
  public internal(set) var findings: [AuditFinding] = []
  /// What an operator should know, and is no damage.
  public internal(set) var notes: [String] = []

  public var isIntact: Bool { findings.isEmpty }

  /// Whether something is wrong, rather than unknown.
  public var isBroken: Bool { findings.contains { $0.damage != .unread } }

  /// The log could not be compared with all that tells of it.
  public mutating func note(unread file: String, because error: ApplianceError) {
    findings.append(
      AuditFinding(file: file, sequence: lines, damage: .unread, message: error.message))
  }
}
