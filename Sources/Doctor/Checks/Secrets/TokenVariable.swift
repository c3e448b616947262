// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DesiredState

extension Check {
  /// Who finds a token in a variable takes it for the one that counts.
  static let tokenVariable = Check(
    "token.variable", "No token is left where none is read from any more", .medium,
    reference: "runbook 3.4", remedy: "remove the variable, or the entry, that the token was in",
    detect: { host in
      guard host.isRunning else { return .notRunning }
      guard let status = host.status else {
        return Verdict(.unknown, "the appliance runs and does not answer", remedy: "kafclaw status")
      }
      guard let tokens = status.tokens else {
        return .notApplicable("the gateway was not configured yet")
      }
      let named =
        try host.validState?.spec.gateway.auth.token.map(\.description) ?? "gateway.auth.token"
      return .of(
        tokens.isVariableStale
          ? ["\(named) still resolves, to a token that is not accepted any more"] : [], .warn,
        otherwise: "no declared token has been replaced and left behind",
        remedy: "remove what \(named) resolves to: nothing accepts it")
    })
}
