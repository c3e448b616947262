// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The class of an error that a provider describes. What it says counts before its status: an
/// empty account is told with the same 429 as too many requests.
enum FailureClassifier {
  private static let names: [ModelFailure.Class: Set<String>] = [
    .money: [
      "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
      "project_spend_limit_exceeded", "organization_usage_limit_exceeded",
      "billing_hard_limit_reached", "billing_not_active", "billing_error",
      "insufficient_credits", "budget_exceeded", "spend_limit_exceeded",
    ],
    .contextLength: [
      "context_length_exceeded", "request_too_large", "contextwindowexceedederror",
      "exceed_context_size_error", "string_above_max_length",
    ],
    .contentFilter: [
      "content_filter", "content_policy_violation", "contentpolicyviolationerror",
      "responsibleaipolicyviolation",
    ],
    .overloaded: ["overloaded_error", "server_is_overloaded", "engine_overloaded"],
    .rateLimited: [
      "rate_limit_exceeded", "rate_limit_error", "rate_limit_reached", "slow_down",
      "too_many_requests", "tokens", "requests",
    ],
    .authentication: [
      "authentication_error", "permission_error", "invalid_api_key", "permission_denied",
      "unsupported_country_region_territory", "auth_error",
    ],
    .transient: [
      "server_error", "api_error", "timeout_error", "internal_error", "internal_server_error",
      "timeout",
    ],
    .invalid: [
      "invalid_request_error", "not_found_error", "model_not_found", "badrequesterror",
      "notfounderror", "invalid_model",
    ],
  ]

  /// From the most particular to the least.
  private static let order: [ModelFailure.Class] = [
    .money, .contextLength, .contentFilter, .overloaded, .rateLimited, .authentication,
    .transient, .invalid,
  ]

  /// - Parameter status: Of the HTTP response; `nil` for an error within a stream.
  static func `class`(status: Int?, _ description: ErrorDescription) -> ModelFailure.Class {
    let told = toldClass(description)
    let status = status.flatMap { $0 == 200 ? nil : $0 } ?? description.status
    switch told {
    case .money, .contextLength, .contentFilter, .overloaded: return told ?? .transient
    case .invalid where isTooLong(description.message): return .contextLength
    default: break
    }
    guard let status else { return told ?? .transient }
    if [400, 413, 422].contains(status), isTooLong(description.message) { return .contextLength }
    return byStatus(status)
  }

  private static func toldClass(_ description: ErrorDescription) -> ModelFailure.Class? {
    let words = [description.code, description.type].compactMap { $0?.lowercased() }
    return order.first { kind in
      words.contains { names[kind]?.contains($0) ?? false }
    }
  }

  private static func byStatus(_ status: Int) -> ModelFailure.Class {
    switch status {
    case 401, 403, 407: .authentication
    case 402: .money
    case 408, 409, 425: .transient
    case 413: .contextLength
    case 429: .rateLimited
    case 501, 505: .invalid
    case 503, 529: .overloaded
    case 500...599: .transient
    default: .invalid
    }
  }

  /// Anthropic and vLLM have no code of their own for it.
  private static func isTooLong(_ message: String?) -> Bool {
    guard let message = message?.lowercased() else { return false }
    return ["prompt is too long", "maximum context length", "context window"].contains {
      message.contains($0)
    }
  }
}
