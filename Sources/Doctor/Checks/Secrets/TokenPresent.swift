// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState

extension Check {
  /// A gateway whose token does not resolve does not start; without any token no client is let in.
  static let tokenPresent = Check(
    "token.present", "The gateway has the token that is declared", .high,
    reference: "runbook 3", remedy: "kafclaw token generate, or set what gateway.auth.token names",
    repair: { host in
      guard let tokens = try AcceptedTokens(host), tokens.problem != nil else { return [] }
      return [
        Repair(making: "make the token of API clients", on: "token/gateway") {
          try await host.acts.generateToken()
        }
      ]
    },
    detect: { host in
      guard let tokens = try AcceptedTokens(host) else {
        return .noDesiredState
      }
      if let problem = tokens.problem { return Verdict(.fail, problem) }
      return tokens.doubt.map { Verdict(.unknown, $0) } ?? .pass(tokens.told)
    })
}
