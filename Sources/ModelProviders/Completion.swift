// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// A tool call that a model asks for.
public struct RequestedCall: Sendable, Equatable {
  public let tool: String
  /// An object; text (the beginning of what the model wrote) where that was no JSON object, so that
  /// whoever carries out the call answers the failure.
  public let arguments: JSONValue
  /// The provider's own name for the call.
  public let reference: String?

  public init(tool: String, arguments: JSONValue, reference: String? = nil) {
    self.tool = tool
    self.arguments = arguments
    self.reference = reference
  }
}

/// The model's next move.
public struct Completion: Sendable, Equatable {
  public enum Move: Sendable, Equatable {
    case reply(String)
    /// All go back to the model together.
    case calls([RequestedCall], remark: String?)
  }

  public let move: Move
  /// `nil` when the provider told none.
  public let usage: TokenUsage?
  /// The model that answered, as the provider calls it.
  public let model: String?
  /// The provider's name for the request, for its support.
  public let requestID: String?
  /// Who answered, by its name in the desired state.
  public let provider: String
  /// Whether a reply ends where the tokens ended.
  public let isCut: Bool

  public init(
    _ move: Move, usage: TokenUsage?, model: String? = nil, requestID: String? = nil,
    provider: String, isCut: Bool = false
  ) {
    self.move = move
    self.usage = usage
    self.model = model
    self.requestID = requestID
    self.provider = provider
    self.isCut = isCut
  }
}
