// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Why a provider did not answer.
public struct ModelFailure: Error, Sendable, Equatable {
  /// What can be done about it depends on the class alone.
  public enum Class: String, Sendable, Codable, Hashable, CaseIterable {
    /// The request, the address or the model is wrong.
    case invalid
    /// The key is wrong, or not allowed to do this.
    case authentication
    /// A quota, a spend limit or the credit is used up.
    case money
    case rateLimited = "rate-limited"
    /// The provider is busy.
    case overloaded
    /// A fault of the network or the provider, or too much time passed.
    case transient
    /// The conversation is longer than the model reads.
    case contextLength = "context-length"
    /// The provider or the model refuses the content.
    case contentFilter = "content-filter"
    /// The answer ended where its tokens ended, within a tool call or before any text.
    case truncated
    /// The answer does not follow its protocol.
    case malformed
  }

  public let `class`: Class
  /// The provider's name in the desired state.
  public let provider: String
  /// For people; never holds a key.
  public let message: String
  /// How long the provider wants to be left alone.
  public let retryAfter: Duration?
  /// The status of the HTTP response, if one came.
  public let status: Int?

  public init(
    _ class: Class, provider: String, _ message: String, retryAfter: Duration? = nil,
    status: Int? = nil
  ) {
    self.class = `class`
    self.provider = provider
    self.message = message
    self.retryAfter = retryAfter
    self.status = status
  }

  /// Whether the same request may succeed later.
  public var isRetryable: Bool {
    switch self.class {
    case .transient, .overloaded, .rateLimited: true
    default: false
    }
  }

  /// Whether another declared provider may be asked. Other failures are the operator's to see.
  public var isFallbackAllowed: Bool { isRetryable }

  /// The failure as the rest of the appliance reports it: code `provider.CLASS`.
  public var error: ApplianceError {
    ApplianceError(
      .init("provider.\(self.class.rawValue)"), "provider \"\(provider)\": \(message)", hint: hint)
  }

  private var hint: String? {
    switch self.class {
    case .authentication: "check the provider's key: kafclaw tomb list"
    case .money: "raise the provider's limit or its credit; it is not asked again meanwhile"
    case .contextLength: "start a new session, or send less"
    case .truncated: "raise the provider's answerTokens"
    case .invalid: "check the provider's baseURL and model in the desired state"
    default: nil
    }
  }
}

extension ModelFailure: CustomStringConvertible {
  public var description: String { error.description }
}
