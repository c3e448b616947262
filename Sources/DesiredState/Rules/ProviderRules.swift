// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// Model providers: which are named, and where they are.
enum ProviderRules {
  /// The embedded provider; it needs no declaration.
  static let offline = "offline"

  static func issues(_ spec: ApplianceSpec, _ check: RuleContext) -> [ValidationIssue] {
    var issues = known(spec.agent.provider, at: "agent.provider", spec, check)
    for (index, name) in spec.agent.fallbacks.enumerated() {
      issues += known(name, at: "agent.fallbacks[\(index)]", spec, check)
    }
    for name in Set([spec.agent.provider] + spec.agent.fallbacks) {
      guard let provider = spec.providers[name], provider.type == nil else { continue }
      issues.append(
        check.error(
          "providers.\(name)", "provider-type",
          "provider \(Quoted(name)) is asked, and has no type",
          hint: "type: openai, or anthropic"))
    }
    for (name, provider) in spec.providers {
      issues += Self.issues(name, provider, check)
    }
    return issues
  }

  private static func known(
    _ name: String, at path: String, _ spec: ApplianceSpec, _ check: RuleContext
  ) -> [ValidationIssue] {
    guard name != offline, spec.providers[name] == nil else { return [] }
    return [
      check.error(
        path, "unknown-provider", "provider \(Quoted(name)) is not declared",
        hint: "declare it under providers, or use offline")
    ]
  }

  private static func issues(
    _ name: String, _ provider: ProviderSpec, _ check: RuleContext
  ) -> [ValidationIssue] {
    let path = "providers.\(name)"
    var issues: [ValidationIssue] = []
    if name == offline {
      issues.append(
        check.error(path, "provider-name", "\"offline\" is built in", hint: "choose another name"))
    }
    if let address = provider.baseURL, !PlainAddress.isSafe(address) {
      issues.append(
        check.error(
          "\(path).baseURL", "provider-address",
          "keys and messages go there only by https, or by http within this machine",
          hint: "as in https://api.example.com/v1"))
    }
    if !(1...3_600).contains(provider.timeout.seconds) {
      issues.append(check.error("\(path).timeout", "range", "the timeout is from 1s to 1h"))
    }
    if !(1...1_000_000).contains(provider.answerTokens.value) {
      issues.append(
        check.error("\(path).answerTokens", "range", "an answer has at least one token"))
    }
    return issues
  }
}
