// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState

extension Check {
  /// Whoever reaches the gateway from another host must show who they are.
  static let gatewayTokenRequired = Check(
    "gateway.token-required", "A gateway that other hosts can reach has a token", .critical,
    .security,
    reference: "runbook 1.3",
    remedy: "kafclaw token generate, or set gateway.auth.token, or listen on 127.0.0.1",
    propose: { host in
      guard let state = try host.validState, try !GatewayToken.isThere(state.spec, host) else {
        return []
      }
      return [.loopback(of: state)].compactMap { $0 }
    },
    detect: { host in
      guard let spec = try host.validState?.spec else { return .noDesiredState }
      let place = "gateway.host is \(spec.gateway.host.text)"
      guard !spec.gateway.host.isLoopback else { return .pass(place) }
      return try GatewayToken.isThere(spec, host)
        ? .pass("\(place), and there is a token")
        : Verdict(.fail, "\(place), and no token is declared or was made")
    })
}

private enum GatewayToken {
  static func isThere(_ spec: ApplianceSpec, _ host: Host) throws -> Bool {
    try spec.gateway.host.isLoopback || host.hasToken(spec)
  }
}
