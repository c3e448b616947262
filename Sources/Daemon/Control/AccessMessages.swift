// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
public import Sandbox
public import Timeline

/// Body of `POST /v1/approvals`.
public struct ApprovalsRequest: Sendable, Codable {
  /// `nil` for all that are kept.
  public let state: Approval.State?

  public init(state: Approval.State?) { self.state = state }
}

/// Body of `POST /v1/approvals/decide`.
public struct ApprovalDecision: Sendable, Codable {
  public let id: ApprovalID
  public let isApproved: Bool
  /// How often the call may run.
  public let uses: Int
  public let note: String?

  public init(id: ApprovalID, isApproved: Bool, uses: Int = 1, note: String? = nil) {
    (self.id, self.isApproved, self.uses, self.note) = (id, isApproved, uses, note)
  }
}

/// Answer of both.
public struct ApprovalsResponse: Sendable, Codable {
  public var formatVersion = 1
  public let approvals: [Approval]
}

/// Body of `POST /v1/decisions`.
public struct DecisionsRequest: Sendable, Codable {
  /// From 1 to 1,000.
  public let limit: Int

  public init(limit: Int) { self.limit = limit }
}

/// Answer of `POST /v1/decisions`.
public struct DecisionsResponse: Sendable, Codable {
  public var formatVersion = 1
  public let decisions: [DecisionRecord]
}

/// Body of `POST /v1/sandboxes/escape`: which sandbox is to be broken out of.
public struct EscapeRequest: Sendable, Codable {
  public let sandbox: SandboxConfiguration

  public init(sandbox: SandboxConfiguration) { self.sandbox = sandbox }
}

/// Its answer.
public struct EscapeReport: Sendable, Codable {
  public var formatVersion = 1
  public let findings: [EscapeFinding]
}

/// Answer of `GET /v1/sandboxes`.
public struct SandboxReport: Sendable, Codable {
  public var formatVersion = 1
  public let probes: [SandboxProbe]
}
