// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// How a model is reached, without its key.
public struct ModelRoute: Sendable, Codable, Equatable {
  /// Wire protocols of model providers.
  public enum WireProtocol: String, Sendable, Codable, Hashable, CaseIterable {
    /// Embedded; needs neither key nor network.
    case offline
    /// OpenAI chat completions, and what speaks like it.
    case openai
    /// Anthropic messages.
    case anthropic
  }

  /// The provider's name in the desired state.
  public let provider: String
  public let `protocol`: WireProtocol
  /// Address of the API; `nil` for the embedded provider.
  public let baseURL: String?
  /// `nil` leaves the choice to the provider.
  public let model: String?
  /// Most tokens of one answer.
  public let answerTokens: Int
  /// Most time for one answer, whatever arrives. Seconds.
  public let timeout: Int

  public init(
    provider: String, protocol: WireProtocol, baseURL: String? = nil, model: String? = nil,
    answerTokens: Int = 4_096, timeout: Int = 120
  ) {
    (self.provider, self.protocol, self.baseURL) = (provider, `protocol`, baseURL)
    (self.model, self.answerTokens, self.timeout) = (model, answerTokens, timeout)
  }
}
