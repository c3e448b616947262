// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import Testing

@testable import Gateway

/// What platforms are told of a channel that does not run.
struct ChannelAbsenceTests {
  /// None of them has a secret, so none begins: as between the start of a gateway and that of its channels.
  private static let channels = [
    ChannelRoute(name: "ci", type: .webhook), ChannelRoute(name: "team", type: .slack),
    ChannelRoute(name: "shop", type: .whatsapp), ChannelRoute(name: "phone", type: .telegram),
  ]

  @Test(
    "one that is declared is asked for again later; what nobody declared, or is never asked, is not there",
    arguments: [("ci", 503), ("team", 503), ("shop", 503), ("phone", 404), ("nobody", 404)])
  func absent(name: String, status: Int) async throws {
    try await RunningGateway.run(isConfigured: false) { gateway in
      let order = try gateway.configuration(channels: Self.channels)
      _ = try await gateway.link.call(.configure(order))
      for method in ["POST", "GET"] {
        let reply = try await PlainHTTP.send(
          method, "/channels/\(name)", port: gateway.port, headers: [RunningGateway.json],
          body: method == "POST" ? Array("{}".utf8) : [])
        #expect(reply.status == status, "\(method) \(reply)")
        #expect((reply.headers["retry-after"] != nil) == (status == 503), "\(reply)")
      }
    }
  }
}
