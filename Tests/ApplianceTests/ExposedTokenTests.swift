// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// The last client of a gateway that others could reach. What it listens on is 127.0.0.1 in a form
/// that is not taken for the loopback.
@Suite(.serialized) struct ExposedTokenTests {
  private static let hasSockets: Bool = {
    let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    close(descriptor)
    return true
  }()

  @Test(.enabled(if: hasSockets))
  func lastClientIsRefusedWhenItIsRevoked() async throws {
    let appliance = try RunningAppliance(name: "exposed")
    #expect(try appliance.run("tomb", "init").code == 0)
    let text = RunningAppliance.yaml(port: appliance.port, dashboardPort: appliance.dashboardPort)
    try appliance.repository.commit([
      "kafclaw.yaml": text.replacingOccurrences(
        of: "gateway:\n", with: "gateway:\n  host: \"::ffff:7f00:1\"\n")
    ])
    try await appliance.startReady()
    let made = try appliance.makeToken("rotate")
    #expect(try await appliance.answer(to: made) == 200)
    let revoked = try appliance.run("token", "revoke", "gateway")
    #expect(revoked.code == 0, "\(revoked.errors)")
    for token in [made, appliance.token] {
      #expect(try await appliance.answer(to: token) == 401)
      #expect(try appliance.verify(token).code == 1)
    }
    let next = try appliance.makeToken("generate")
    #expect(try await appliance.answer(to: next) == 200)
    appliance.stop()
  }
}
