// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// A tool call as the model asked for it.
public struct ToolCall: Sendable, Codable, Equatable {
  /// Position in its turn, from 0: names the call in records.
  public let index: Int
  public let tool: String
  public let arguments: JSONValue
  /// The model's answer it came with, from 0: calls of one answer go back to the model together.
  public let batch: Int?
  /// The provider's own name for the call.
  public let reference: String?
  /// What the model said beside the first call of an answer.
  public let remark: String?
  /// Names of the secrets that were taken out of it; such a call does not run.
  public let blocked: [String]?

  public init(
    index: Int, tool: String, arguments: JSONValue, batch: Int? = nil, reference: String? = nil,
    remark: String? = nil, blocked: [String]? = nil
  ) {
    self.index = index
    self.tool = tool
    self.arguments = arguments
    self.batch = batch
    self.reference = reference
    self.remark = remark
    self.blocked = blocked
  }
}

/// How a tool call ended.
public enum ToolResult: Sendable, Codable, Equatable {
  case success(String)
  /// The tool ran and failed, or was refused; the text is for the model.
  case failure(String)
  /// The process died between intent and result; the call may have happened and is not repeated.
  case outcomeUnknown
}

/// One durable step of a turn.
public enum TurnStep: Sendable, Codable, Equatable {
  /// Stored before anything is decided about the call.
  case intent(ToolCall)
  /// The call may run, and may have run if nothing follows.
  case authorised(index: Int)
  /// Stored before the model is asked again.
  case result(index: Int, ToolResult)

  /// Whether both are the call, or both the result, at one place of a turn.
  public func isSamePlace(as other: TurnStep) -> Bool {
    switch (self, other) {
    case (.intent(let one), .intent(let two)): one.index == two.index
    case (.result(let one, _), .result(let two, _)): one == two
    default: false
    }
  }
}

/// One earlier exchange of a session.
public struct Exchange: Sendable, Codable, Equatable {
  public let text: String
  public let reply: String

  public init(text: String, reply: String) {
    self.text = text
    self.reply = reply
  }
}

/// A message leased to an agent, with everything its turn needs.
public struct Work: Sendable, Codable, Equatable {
  public let id: MessageID
  public let traceID: TraceID
  public let session: SessionKey
  public let senderTier: SenderTier
  /// Who wrote it, as access decisions see them.
  public let principal: AccessPrincipal
  /// Whether another bot wrote it.
  public let isFromBot: Bool
  public var text: String
  /// From 1; over 1 after a crash.
  public let attempt: Int
  /// Steps that earlier attempts recorded, in order.
  public var steps: [TurnStep]
  /// The session's latest exchanges, oldest first.
  public var history: [Exchange]
  /// What the exchanges of the history were tainted by.
  public let taint: Set<TaintSource>
  /// The tools this turn may be offered. What it asks for is decided anew at each call.
  public var tools: [String]
  /// The skills it may read.
  public var skills: [SkillSummary] = []

  public init(
    id: MessageID, traceID: TraceID, session: SessionKey, senderTier: SenderTier, text: String,
    attempt: Int, steps: [TurnStep], history: [Exchange], tools: [String] = [],
    principal: AccessPrincipal = AccessPrincipal(channel: "", client: "", sender: nil),
    isFromBot: Bool = false, taint: Set<TaintSource> = []
  ) {
    self.tools = tools
    (self.principal, self.isFromBot, self.taint) = (principal, isFromBot, taint)
    self.id = id
    self.traceID = traceID
    self.session = session
    self.senderTier = senderTier
    self.text = text
    self.attempt = attempt
    self.steps = steps
    self.history = history
  }
}

/// Whether a recorded call may run.
public enum ToolVerdict: Sendable, Codable, Equatable {
  case permitted
  /// The text is for the model.
  case denied(String)
  /// The turn waits for an approval; its lease has ended.
  case parked(ApprovalID)
}
