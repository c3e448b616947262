// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import FoundationEssentials

/// What one check found, as commands print it.
public struct CheckResult: Sendable, Codable, Equatable {
  public let id: String
  public let title: String
  public let status: Verdict.Status
  public let severity: Severity
  /// What was seen; several things are joined by `; `.
  public let evidence: String
  public let remedy: String
  public let reference: String
  /// Whether there was anything to look at.
  public let applies: Bool
  /// Whether `kafclaw doctor --fix` can do something about it.
  public let fixable: Bool
  /// Why it does not count; `nil` when it does.
  public internal(set) var suppressed: Suppressed?

  /// The operator's word for living with a finding.
  public struct Suppressed: Sendable, Codable, Equatable {
    public let reason: String
    public let owner: String
    public let expires: Date
  }

  init(_ check: Check, _ verdict: Verdict) {
    (id, title, severity) = (check.id, check.title, check.severity)
    (status, applies) = (verdict.status, verdict.applies)
    evidence = verdict.evidence.joined(separator: "; ")
    remedy = verdict.remedy ?? check.remedy
    reference = check.reference
    fixable = check.isRepairable && verdict.status != .pass
  }

  /// Whether it counts for the exit code.
  public var counts: Bool { status != .pass && suppressed == nil }
}
