// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import AuditLog
public import DurableIO
import FoundationEssentials

/// Records what is done with accounts of skills, in their own log.
public struct SkillAuthRecord: Sendable {
  private let paths: AppliancePaths
  private let subject: String

  public init(_ paths: AppliancePaths, provider: String, profile: String) {
    (self.paths, subject) = (paths, "oauth/\(provider)/\(profile)")
  }

  public func tell(
    _ deed: String, _ outcome: AuditEvent.Outcome, _ details: [String: String] = [:]
  ) throws {
    var details = details
    details["deed"] = deed
    try HostAudit.record(
      AuditEvent(
        .skillAuth, by: HostAudit.operatorName, on: subject, outcome, at: Date(), details: details),
      in: HostAudit.skills(paths))
  }
}

extension AuditEvent.Kind {
  /// A consent was asked for, given, renewed or taken back.
  static let skillAuth = Self("skill.auth")
}
