// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension ApplianceError.Code {
  /// No provider has this name.
  public static let providerUnknown = Self("provider.unknown")
  /// The provider has no such model.
  public static let modelUnknown = Self("provider.model-unknown")
}

/// Something that continues a conversation.
public protocol ModelProvider: Sendable {
  var name: String { get }
  func complete(_ request: CompletionRequest) async throws -> Completion
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
  public let history: [Exchange]
  public let text: String
  public let calls: [EndedCall]

  public init(assistant: String, history: [Exchange], text: String, calls: [EndedCall]) {
    self.assistant = assistant
    self.history = history
    self.text = text
    self.calls = calls
  }
}

/// The model's next move.
public struct Completion: Sendable, Equatable {
  public enum Move: Sendable, Equatable {
    case reply(String)
    case call(tool: String, arguments: JSONValue)
  }

  public let move: Move
  public let usage: TokenUsage

  public init(_ move: Move, usage: TokenUsage) {
    self.move = move
    self.usage = usage
  }
}

/// The providers that this program can speak to.
public enum ProviderCatalog {
  public static let offline = "offline"

  /// - Parameter model: `nil` leaves the choice to the provider.
  /// - Throws: `provider.unknown`, `provider.model-unknown`.
  public static func provider(named name: String, model: String? = nil) throws -> any ModelProvider
  {
    guard name == offline else {
      throw ApplianceError(
        .providerUnknown, "provider \"\(name)\" is not available", hint: "use offline")
    }
    guard model == nil || model == offline else {
      throw ApplianceError(
        .modelUnknown, "provider \"\(name)\" has no model \"\(model ?? "")\"",
        hint: "its only model is \"\(offline)\"; or leave agent.model out")
    }
    return OfflineProvider()
  }
}
