// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// A tool as a model sees it.
public struct ToolDescription: Sendable, Codable, Equatable {
  public let name: String
  public let summary: String
  /// A JSON Schema of type `object`.
  public let parameters: JSONValue

  public init(name: String, summary: String, parameters: JSONValue) {
    self.name = name
    self.summary = summary
    self.parameters = parameters
  }
}

/// A turn so far.
public struct CompletionRequest: Sendable {
  /// A tool call of this turn that has ended.
  public struct EndedCall: Sendable, Equatable {
    public let call: ToolCall
    public let result: ToolResult

    public init(call: ToolCall, result: ToolResult) {
      self.call = call
      self.result = result
    }
  }

  /// How the assistant calls itself.
  public let assistant: String
  /// The system text; may be empty. Nothing from senders, files or tools belongs into it.
  public let instructions: String
  /// Earlier exchanges, oldest first.
  public let history: [Exchange]
  public let text: String
  public let calls: [EndedCall]
  /// Sorted by name, so that a provider's cache finds the same beginning again.
  public let tools: [ToolDescription]
  /// An opaque digest of the session, which lets a provider tell users apart. `nil` tells nothing.
  public let user: String?

  public init(
    assistant: String, instructions: String = "", history: [Exchange], text: String,
    calls: [EndedCall], tools: [ToolDescription] = [], user: String? = nil
  ) {
    self.assistant = assistant
    self.instructions = instructions
    self.history = history
    self.text = text
    self.calls = calls
    self.tools = tools.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    self.user = user
  }
}
