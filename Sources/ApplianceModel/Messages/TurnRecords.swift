// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// A tool call as the model asked for it.
public struct ToolCall: Sendable, Codable, Equatable {
  /// Position in its turn, from 0: names the call in records.
  public let index: Int
  public let tool: String
  public let arguments: JSONValue

  public init(index: Int, tool: String, arguments: JSONValue) {
    self.index = index
    self.tool = tool
    self.arguments = arguments
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
  /// Stored before the tool runs.
  case intent(ToolCall)
  /// Stored before the model is asked again.
  case result(index: Int, ToolResult)
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
  public let text: String
  /// From 1; over 1 after a crash.
  public let attempt: Int
  /// Steps that earlier attempts recorded, in order.
  public let steps: [TurnStep]
  /// The session's latest exchanges, oldest first.
  public let history: [Exchange]

  public init(
    id: MessageID, traceID: TraceID, session: SessionKey, senderTier: SenderTier, text: String,
    attempt: Int, steps: [TurnStep], history: [Exchange]
  ) {
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
