// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import DesiredState
public import Planning

/// How a pass ended; the kinds exclude each other.
public struct PassOutcome: Sendable, Codable {
  public enum Kind: String, Sendable, Codable {
    case noChange = "no-change"
    case applied
    /// Refused by a guardrail; nothing was written.
    case denied
    /// The desired state is not valid; nothing was written.
    case invalid
    /// Something that is not in git must happen first; nothing was written.
    case held
    /// The source cannot be read or was rejected.
    case sourceFailed = "source-failed"
    /// A change could not be carried out, or a component is not healthy with it.
    case failed
  }

  public let kind: Kind
  /// `nil` where no plan could be made.
  public let plan: Plan?
  public let issues: [ValidationIssue]
  public let error: ApplianceError?

  public init(
    _ kind: Kind, plan: Plan? = nil, issues: [ValidationIssue] = [], error: ApplianceError? = nil
  ) {
    self.kind = kind
    self.plan = plan
    self.issues = issues
    self.error = error
  }

  /// The exit code of `kafclaw apply`.
  public var exitCode: Int32 {
    switch kind {
    case .noChange, .applied: 0
    case .failed: 1
    case .denied: 4
    case .sourceFailed: 7
    case .held: 10
    case .invalid: 11
    }
  }
}
