// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import DesiredState
public import FoundationEssentials

/// A finding that an operator lives with, for a time and a reason.
public struct Suppression: Sendable, Equatable {
  public let check: String
  public let reason: String
  public let owner: String
  public let expires: Date

  public init(check: String, reason: String, owner: String, expires: Date) {
    (self.check, self.reason) = (check, reason)
    (self.owner, self.expires) = (owner, expires)
  }

  /// Those of the desired state.
  public static func declared(in spec: ApplianceSpec) -> [Suppression] {
    spec.security.suppressions.map { suppression in
      Suppression(
        check: suppression.check, reason: suppression.reason, owner: suppression.owner,
        expires: suppression.expires.date)
    }
  }

  /// The check that tells of suppressions.
  static let checkID = "security.suppressions"

  /// Whether a finding may be lived with: no critical one, no row of the go-live checklist, and not
  /// the one that tells of these.
  static func isPossible(_ check: String, _ severity: Severity) -> Bool {
    severity != .critical && check != checkID && !check.hasPrefix("go-live.")
  }

  /// Marks what is suppressed. What may not be stays, and so does what an ended or unknown
  /// suppression was for; `security.suppressions` tells of those.
  static func apply(
    _ suppressions: [Suppression], to results: [CheckResult], at now: Date
  ) -> [CheckResult] {
    results.map { result in
      guard result.status != .pass, isPossible(result.id, result.severity),
        let found = suppressions.first(where: { $0.check == result.id && $0.expires > now })
      else { return result }
      var result = result
      result.suppressed = .init(
        reason: found.reason, owner: found.owner, expires: found.expires)
      return result
    }
  }
}
