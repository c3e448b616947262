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
    /// The source cannot be read.
    case sourceFailed = "source-failed"
    /// The source was read and is not to be trusted.
    case rejected
    /// A change could not be carried out; it is tried again.
    case failed
    /// A change hurt; the last good state is back.
    case rolledBack = "rolled-back"
    /// A change hurt, and going back failed: nothing more is written.
    case rollbackFailed = "rollback-failed"
    /// Something newer, or an operator, ended the wait for health.
    case superseded
    /// The reviewed plan is not what would be done now; nothing was written.
    case planStale = "plan-stale"
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
    case .planStale: 5
    case .superseded: 6
    case .sourceFailed, .rejected: 7
    case .rolledBack: 8
    case .rollbackFailed: 9
    case .held: 10
    case .invalid: 11
    }
  }
}
