// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState

extension Check {
  /// Clients show who they are before other people's messages pass through the gateway.
  static let goLiveToken = Check(
    "go-live.token", "The gateway has a token where somebody else could use it", .critical, .goLive,
    reference: "runbook 5", remedy: "kafclaw token generate, or set gateway.auth.token",
    detect: { host in
      guard let spec = try host.validState?.spec else {
        return Verdict(.fail, "there is no desired state", remedy: "kafclaw init DIR")
      }
      if try host.hasToken(spec) { return .pass("a token is declared or was made") }
      let place = "gateway.host is \(spec.gateway.host.text)"
      guard spec.gateway.host.isLoopback else { return Verdict(.fail, "\(place), without a token") }
      let channels = spec.channels.keys.sorted()
      return channels.isEmpty
        ? .pass("\(place), no channel is declared, and without a token every client is refused")
        : Verdict(.fail, "channels without a token: \(channels.listed())")
    })
}
