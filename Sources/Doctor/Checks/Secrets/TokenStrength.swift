// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DesiredState
import Tomb

extension Check {
  /// A token that can be guessed is none. Those that are made here are random.
  static let tokenStrength = Check(
    "token.strength", "The declared token is hard to guess", .high,
    reference: "runbook 3.1", remedy: "kafclaw token generate, or: openssl rand -hex 32",
    detect: { host in
      guard let reference = try host.validState?.spec.gateway.auth.token else {
        return .notApplicable("no token is declared")
      }
      guard let token = try AcceptedTokens.value(of: reference, host) else {
        guard host.isRunning, case .environment = reference else {
          return .notApplicable("\(reference) does not resolve here")
        }
        if host.status?.tokens?.source == .declared {
          return .pass("the running appliance accepts \(reference), and it takes no weak token")
        }
        if try host.acts.tokens()?.client(ClientToken.sharedName) != nil {
          return .notApplicable("a token that was made here takes the place of \(reference)")
        }
        return Verdict(
          .unknown, "\(reference) does not resolve here; the running appliance may have it",
          remedy: "set the variable for this command, or kafclaw token generate")
      }
      return .of(
        TokenText.weakness(of: token).map { ["the token of \(reference) is weak: \($0)"] } ?? [],
        otherwise: "nothing speaks against the token of \(reference)")
    })
}
