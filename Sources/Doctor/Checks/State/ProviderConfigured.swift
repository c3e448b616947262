// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState

extension Check {
  /// Without a model provider the agent answers nothing of its own.
  static let providerConfigured = Check(
    "provider.configured", "The agent's model provider can be asked", .medium,
    reference: "runbook 5.2", remedy: "declare the provider with its apiKey under providers",
    detect: { host in
      guard let spec = try host.validState?.spec else { return .noDesiredState }
      let name = spec.agent.provider
      guard name != "offline" else {
        return .pass("agent.provider is offline: replies are canned, no model is asked")
      }
      guard let provider = spec.providers[name] else {
        return Verdict(.fail, "agent.provider \"\(name)\" is not declared under providers")
      }
      guard let key = provider.apiKey else {
        // A server of one's own may ask for no key.
        return Verdict(
          provider.baseURL == nil ? .fail : .warn, "providers.\(name) declares no apiKey")
      }
      switch try SecretLook.look(key, on: host) {
      case .resolves, .replaced: return .pass("providers.\(name) is declared, and its key resolves")
      case .held: return .pass("providers.\(name) is declared; the running appliance has its key")
      case .missing(let why, let hint):
        return Verdict(.fail, "providers.\(name).apiKey: \(why)", remedy: hint)
      }
    })
}
