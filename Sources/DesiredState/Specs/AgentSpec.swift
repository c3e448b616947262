// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// The agent: where it works, which model it asks, how long a turn may get.
public struct AgentSpec: Sendable, Equatable {
  public var workspace = "workspace"
  public var workRepo = "work-repo"
  public var provider = "offline"
  public var model: String?
  public var fallbacks: [String] = []
  public var maxToolIterations = Count(20)
  public var dailyTokenLimit: Count?

  public init() {}
}

extension AgentSpec: SpecSection, SpecNesting {
  package static var summary: String {
    "The agent: where it works, which model it asks, how long a turn may get."
  }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "workspace", \.workspace,
      "Folder with the agent's identity files; file tools work in it. Absolute, below `~/`, or "
        + "`workspace` in the state home."),
    SpecField(
      "workRepo", \.workRepo,
      "Folder the agent's tools may change, seen by them as `work-repo/`. Absolute, below "
        + "`~/`, or `work-repo` in the state home."),
    SpecField("provider", \.provider, "Name of the model provider; `offline` needs no key."),
    SpecField("model", \.model, "Model to ask, in the provider's spelling."),
    SpecField(
      "fallbacks", \.fallbacks,
      "Providers to ask, in this order, while the first one is overloaded or out of reach. What "
        + "is said goes to them then. Defaults to none."),
    SpecField(
      "maxToolIterations", \.maxToolIterations, "Most tool calls in one turn; then it ends."),
    SpecField(
      "dailyTokenLimit", \.dailyTokenLimit, "Most tokens a day (UTC); then turns are refused."),
  ]
}

/// A model provider.
public struct ProviderSpec: Sendable, Equatable {
  public var type: ProviderType?
  public var baseURL: String?
  public var apiKey: SecretReference?
  public var model: String?
  public var answerTokens = Count(4_096)
  public var timeout = SpecDuration(seconds: 120)

  public init() {}
}

extension ProviderSpec: SpecSection, SpecNesting {
  package static var summary: String { "A model provider." }

  package static let fields: [SpecField<Self>] = [
    SpecField("type", \.type, "Protocol of the provider; needed where it is asked."),
    SpecField("baseURL", \.baseURL, "Address of the API."),
    SpecField("apiKey", \.apiKey, "Where the API key is kept."),
    SpecField("model", \.model, "Model to ask where `agent.model` names none."),
    SpecField("answerTokens", \.answerTokens, "Most tokens of one answer."),
    SpecField("timeout", \.timeout, "Most time for one answer."),
  ]
}

/// Protocols of model providers.
public enum ProviderType: String, SpecEnum {
  case openai
  case anthropic
}
