// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import Testing

@testable import Gateway

/// Configuration, report and end of a gateway.
@Suite(.timeLimit(.minutes(2)))
struct GatewayLifeTests {
  @Test func gatewayReportsWhatItRuns() async throws {
    try await RunningGateway.run(isConfigured: false) { gateway in
      let before = try await gateway.report()
      #expect(before == ComponentReport(digest: nil, settings: .null, isReady: false))
      #expect(!Port.isOpen(gateway.port))
      let configured = try await gateway.configure()
      let expected = try gateway.configuration()
      #expect(configured.digest == expected.digest)
      #expect(configured.settings == expected.settings)
      #expect(configured.isReady)
      let after = try await gateway.report()
      #expect(after == configured)
    }
  }

  @Test(arguments: ["0.0.0.0", "192.0.2.1", "::", "fe80::1"])
  func listeningForOthersNeedsAToken(host: String) async throws {
    try await RunningGateway.run { gateway in
      let before = try await gateway.report()
      let error = await #expect(throws: ApplianceError.self) {
        try await gateway.configure(host: host, hasToken: false)
      }
      #expect(error?.code == .exposedWithoutToken)
      #expect(error?.message.contains(host) == true)
      let after = try await gateway.report()
      #expect(after == before)
      let chat = try await gateway.chat()
      #expect(chat.status == 200, "the token of before still holds")
    }
  }

  @Test func withoutATokenOnlyTheOperatorIsLetIn() async throws {
    try await RunningGateway.run { gateway in
      try await gateway.configure(hasToken: false)
      let stranger = try await gateway.chat()
      #expect(stranger.status == 401)
      let operatorReply = try await PlainHTTP.send(
        "POST", "/chat", port: gateway.port,
        headers: [("Authorization", "Bearer operator-token"), RunningGateway.json],
        body: Array(#"{"message":"hello"}"#.utf8))
      #expect(operatorReply.status == 200)
      #expect(gateway.supervisor.admitted.map(\.client) == ["operator"])
    }
  }

  @Test func newCredentialsHoldAtOnce() async throws {
    try await RunningGateway.run { gateway in
      for hasToken in [false, true, false, true] {
        try await gateway.configure(hasToken: hasToken)
        let reply = try await gateway.chat()
        #expect(reply.status == (hasToken ? 200 : 401))
      }
    }
  }

  @Test func configurationThatCannotBeReadLeavesTheOneBefore() async throws {
    try await RunningGateway.run { gateway in
      let good = try gateway.configuration()
      let broken = [
        ComponentConfiguration(digest: good.digest, settings: [:], sealed: good.sealed),
        ComponentConfiguration(digest: good.digest, settings: .null, sealed: good.sealed),
        ComponentConfiguration(digest: good.digest, settings: good.settings),
        ComponentConfiguration(
          digest: good.digest, settings: good.settings, sealed: SealedSettings([0x7B])),
      ]
      let before = try await gateway.report()
      for configuration in broken {
        let error = await #expect(throws: ApplianceError.self) {
          try await gateway.link.call(.configure(configuration))
        }
        #expect(error?.code == .malformed)
      }
      let after = try await gateway.report()
      #expect(after == before)
      let chat = try await gateway.chat()
      #expect(chat.status == 200)
    }
  }

  @Test func exitClosesTheListeners() async throws {
    let ports = try await ports { gateway in
      // The answer may be lost with the socket when the gateway ends at once.
      _ = try? await gateway.link.call(.exit)
    }
    #expect(!ports.contains(where: Port.isOpen))
  }

  @Test func gatewayEndsWithItsSupervisor() async throws {
    let ports = try await ports { gateway in gateway.link.close() }
    #expect(!ports.contains(where: Port.isOpen))
  }

  /// The ports of a gateway that ran until `body` was done.
  private func ports(_ body: (RunningGateway) async -> Void) async throws -> [Int] {
    var ports: [Int] = []
    try await RunningGateway.run { gateway in
      ports = [gateway.port, gateway.dashboard]
      #expect(ports.allSatisfy(Port.isOpen))
      await body(gateway)
    }
    return ports
  }

  @Test func exitLetsRequestsFinishThatWereBegun() async throws {
    try await RunningGateway.run { gateway in
      gateway.supervisor.hold()
      async let begun = gateway.chat()
      await gateway.supervisor.waitForHeld(1)
      _ = try await gateway.link.call(.exit)
      gateway.supervisor.release()
      let reply = try await begun
      #expect(reply.status == 200)
    }
  }

  @Test func statusIsThatOfTheSupervisor() async throws {
    try await RunningGateway.run { gateway in
      let reply = try await gateway.get("/api/v1/status", port: gateway.dashboard)
      #expect(reply.status == 200)
      let value = try reply.json()
      #expect(value["appliance"]?["name"] == "probe")
      #expect(value["formatVersion"] == 1)
    }
  }
}
