// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Answer of `GET /api/v1/approvals` and of `POST /api/v1/approvals/ID`. Texts are as the model
/// wrote them: whoever shows them escapes them.
public struct ApprovalList: Sendable, Codable, Equatable {
  public var formatVersion = 1
  public let approvals: [Approval]

  public init(_ approvals: [Approval]) { self.approvals = approvals }
}

/// Body of `POST /api/v1/approvals/ID`.
public struct ApprovalAnswer: Sendable, Codable, Equatable {
  public enum Decision: String, Sendable, Codable {
    case approve
    case deny
  }

  public let decision: Decision
  /// How often the call may run. Defaults to once.
  public let uses: Int?
  public let note: String?

  public init(decision: Decision, uses: Int? = nil, note: String? = nil) {
    (self.decision, self.uses, self.note) = (decision, uses, note)
  }
}
