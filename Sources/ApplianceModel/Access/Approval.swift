// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import FoundationEssentials

/// A tool call that waits for an operator's word, or got it.
public struct Approval: Sendable, Codable, Equatable {
  public enum State: String, Sendable, Codable, CaseIterable {
    case pending
    case approved
    case denied
    /// Nobody decided, or nobody used it, in time.
    case expired
    /// Used as often as it was given for.
    case used
  }

  /// One line of what an operator is shown, as it is: whoever shows it escapes it.
  public struct Detail: Sendable, Codable, Equatable {
    public let name: String
    public let text: String

    public init(_ name: String, _ text: String) { (self.name, self.text) = (name, text) }
  }

  public let id: ApprovalID
  /// The message whose turn waits.
  public let message: MessageID
  public let callIndex: Int
  public let session: SessionKey
  public let tool: String
  /// What the word is given for: the exact call, its requester and its session. Another call has
  /// another digest.
  public let digest: Digest
  public let details: [Detail]
  public let requester: AccessPrincipal
  /// Why it is needed.
  public let decision: AccessDecision
  public let createdAt: Date
  public var expiresAt: Date
  public var state: State
  /// How often the call may still run.
  public var usesLeft: Int
  /// `operator:UID` or `client:NAME`.
  public var decidedBy: String?
  public var decidedAt: Date?
  public var note: String?

  public init(
    id: ApprovalID, message: MessageID, callIndex: Int, session: SessionKey, tool: String,
    digest: Digest, details: [Detail], requester: AccessPrincipal, decision: AccessDecision,
    createdAt: Date, expiresAt: Date, state: State = .pending, usesLeft: Int = 0,
    decidedBy: String? = nil, decidedAt: Date? = nil, note: String? = nil
  ) {
    (self.id, self.message, self.callIndex) = (id, message, callIndex)
    (self.session, self.tool, self.digest) = (session, tool, digest)
    (self.details, self.requester, self.decision) = (details, requester, decision)
    (self.createdAt, self.expiresAt, self.state) = (createdAt, expiresAt, state)
    (self.usesLeft, self.decidedBy, self.decidedAt, self.note) = (
      usesLeft, decidedBy, decidedAt, note
    )
  }
}

extension Approval {
  private static let cutMark = " (the first "

  /// The name of a detail whose text is too long to be shown whole.
  public static func cutName(_ name: String, _ shown: Int, of all: Int) -> String {
    "\(name)\(cutMark)\(shown) of \(all) bytes)"
  }

  /// Whether something of the call is not shown.
  public var isCut: Bool { details.contains { $0.name.contains(Self.cutMark) } }
}

/// What an operator says to a waiting call.
public struct ApprovalWord: Sendable, Codable, Equatable {
  public let id: ApprovalID
  public let isApproved: Bool
  /// Who says so.
  public let by: String
  /// How often the call may run.
  public let uses: Int
  public let note: String?

  public init(id: ApprovalID, isApproved: Bool, by: String, uses: Int = 1, note: String? = nil) {
    (self.id, self.isApproved, self.by) = (id, isApproved, by)
    (self.uses, self.note) = (uses, note)
  }
}
