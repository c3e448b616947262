// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState

extension Check {
  /// A token that leaked unseen is good until it is changed.
  static let goLiveTokenRotation = Check(
    "go-live.token-rotation", "Tokens are rotated every 90 days or more often", .medium, .goLive,
    reference: "runbook 5", remedy: "set gateway.auth.rotateAfter: 60d",
    propose: { host in
      guard let state = try host.validState, try host.hasToken(state.spec),
        Rotation.problem(state.spec) != nil
      else { return [] }
      let proposal = Proposal.setting(
        "gateway.auth.rotateAfter", "60d", because: "runbook 3.5: every 30 to 90 days", in: state)
      return [proposal].compactMap { $0 }
    },
    detect: { host in
      guard let spec = try host.validState?.spec else { return .noDesiredState }
      guard try host.hasToken(spec) else { return .notApplicable("there is no token") }
      if let problem = Rotation.problem(spec) { return Verdict(.fail, problem) }
      return .pass("gateway.auth.rotateAfter is 90d or less")
    })
}

private enum Rotation {
  /// Seconds.
  static let longest: Int64 = 90 * 86_400

  static func problem(_ spec: ApplianceSpec) -> String? {
    guard let age = spec.gateway.auth.rotateAfter else {
      return "gateway.auth.rotateAfter is not set"
    }
    return age.seconds > longest ? "gateway.auth.rotateAfter is over 90d" : nil
  }
}
