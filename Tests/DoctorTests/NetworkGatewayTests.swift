// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import FoundationEssentials
import Testing

@testable import Doctor

/// Where the gateway listens, and for whom.
struct NetworkGatewayTests {
  private var host: HostBuilder
  /// Ports 18790 and 18791.
  private static let loopback = [
    HostBuilder.socket("0100007F:4966", inode: 10), HostBuilder.socket("0100007F:4967", inode: 11),
  ]
  private static let everywhere = [
    HostBuilder.socket("00000000:4966", inode: 10), HostBuilder.socket("00000000:4967", inode: 11),
  ]
  private static let open = "gateway: {host: 0.0.0.0, auth: {token: env:TOKEN}}\n"

  init() throws {
    host = try HostBuilder()
    try host.runProcesses()
    try host.placeSockets(Self.loopback)
    for (name, target) in [("0", "/dev/null"), ("7", "socket:[10]"), ("8", "socket:[11]")] {
      try host.place("/proc/4711/fd/\(name)", linkTo: target)
    }
  }

  /// As for a process that forbids dumps.
  private func hideSockets() throws {
    for name in ["0", "7", "8"] { try host.removeSystemFile("/proc/4711/fd/\(name)") }
  }

  @Test func loopbackPasses() async {
    let result = await host.examine(.gatewayExposure)
    #expect(result.isPass)
    #expect(result.evidence == "listens on 127.0.0.1:18790, 127.0.0.1:18791")
  }

  @Test func withoutAnApplianceThereIsNothingToLookAt() async {
    var host = host
    host.isRunning = false
    #expect(await host.examine(.gatewayExposure).isNotApplicable)
  }

  @Test func listeningElsewhereThanDeclaredFails() async throws {
    try host.placeSockets(Self.everywhere)
    let result = await host.examine(.gatewayExposure)
    #expect(result.status == .fail)
    #expect(
      result.evidence
        == "listens on 0.0.0.0:18790, 0.0.0.0:18791 although gateway.host is 127.0.0.1; "
        + "listens on 0.0.0.0:18790, 0.0.0.0:18791 and has no token")
  }

  @Test func oneListenerIsEnough() async throws {
    try host.placeSockets([Self.loopback[0], Self.everywhere[1]])
    let result = await host.examine(.gatewayExposure)
    #expect(
      result.status == .fail && result.evidence.hasPrefix("listens on 0.0.0.0:18791 although"))
  }

  @Test func addressesOfIPv6AreSeen() async throws {
    try host.placeSockets([])
    let any = String(repeating: "0", count: 32)
    try host.placeSockets([HostBuilder.socket("\(any):4966", inode: 10)], family: "6")
    let result = await host.examine(.gatewayExposure)
    #expect(result.status == .fail && result.evidence.hasPrefix("listens on [::]:18790 although"))
  }

  @Test func listeningAsDeclaredWarnsOfPlainHTTP() async throws {
    var host = host
    try host.desire(HostBuilder.desiredText + Self.open)
    try host.placeSockets(Self.everywhere)
    let result = await host.examine(.gatewayExposure)
    #expect(result.status == .warn)
    #expect(result.evidence == "plain HTTP on 0.0.0.0:18790, 0.0.0.0:18791")
    #expect(result.remedy == "put a TLS proxy in front of the gateway")
  }

  @Test func listeningAsDeclaredWithoutATokenFails() async throws {
    var host = host
    try host.exposeWithoutToken()
    try host.placeSockets(Self.everywhere)
    let result = await host.examine(.gatewayExposure)
    #expect(result.status == .fail)
    #expect(result.evidence == "listens on 0.0.0.0:18790, 0.0.0.0:18791 and has no token")
    try host.makeToken()
    #expect(await host.examine(.gatewayExposure).status == .warn)
    host.tokens = .failure(ApplianceError(.init("tomb.locked"), "the tomb is locked"))
    #expect(await host.examine(.gatewayExposure).status == .unknown)
  }

  @Test func socketsOfOthersDoNotCount() async throws {
    try host.placeSockets(
      Self.loopback + [HostBuilder.socket("00000000:0016", user: 0, inode: 12)])
    #expect(await host.examine(.gatewayExposure).isPass)
  }

  @Test func hiddenSocketsAreFoundByTheirPorts() async throws {
    try hideSockets()
    #expect(await host.examine(.gatewayExposure).isPass)
    try host.placeSockets(
      Self.loopback + [
        HostBuilder.socket("00000000:0016", inode: 12),
        HostBuilder.socket("0500000A:4966", user: 1, inode: 13),
      ])
    #expect(await host.examine(.gatewayExposure).isPass)
    try host.placeSockets(Self.everywhere)
    #expect(await host.examine(.gatewayExposure).status == .fail)
  }

  @Test func whatIsNotSeenIsUnknown() async throws {
    try host.placeSockets([])
    #expect(await host.examine(.gatewayExposure).status == .unknown)
    try host.removeSystemFile("/proc/net/tcp")
    #expect(await host.examine(.gatewayExposure).status == .unknown)
  }

  @Test func gatewayThatIsStoppedListensNowhere() async throws {
    var host = host
    let stopped = ApplianceStatus.Component(
      name: "gateway", pid: nil, health: .stopped, configDigest: nil, restarts: 0, message: nil)
    host.status = .healthy(components: [stopped])
    #expect(await host.examine(.gatewayExposure).isNotApplicable)
  }

  // MARK: gateway.token-required

  @Test func loopbackNeedsNoToken() async {
    let result = await host.examine(.gatewayTokenRequired)
    #expect(result.isPass && result.evidence == "gateway.host is 127.0.0.1")
  }

  @Test func declaredTokenIsOne() async throws {
    var host = host
    try host.desire(HostBuilder.desiredText + Self.open)
    host.tokens = .failure(ApplianceError(.init("tomb.locked"), "the tomb is locked"))
    #expect(await host.examine(.gatewayTokenRequired).isPass)
  }

  /// What runs was applied before the rule was there, or by another hand: no such text is valid.
  @Test func missingTokenFailsAndLoopbackIsProposed() async throws {
    var host = host
    try host.exposeWithoutToken()
    let result = await host.examine(.gatewayTokenRequired)
    #expect(result.status == .fail)
    #expect(result.evidence == "gateway.host is 0.0.0.0, and no token is declared or was made")
    let proposals = try await Check.gatewayTokenRequired.propose?(host.host)
    #expect(proposals?.map(\.path) == ["gateway.host"])
    #expect(proposals?.map(\.value) == ["127.0.0.1"])
  }

  @Test func madeTokenIsOneUntilItEnds() async throws {
    var host = host
    try host.exposeWithoutToken()
    try host.makeToken(expires: host.now.addingTimeInterval(60))
    #expect(await host.examine(.gatewayTokenRequired).isPass)
    #expect(try await Check.gatewayTokenRequired.propose?(host.host) == [])
    host.now.addTimeInterval(61)
    #expect(await host.examine(.gatewayTokenRequired).status == .fail)
  }

  @Test func unknownTokensAreNoPass() async throws {
    var host = host
    try host.exposeWithoutToken()
    host.tokens = .failure(ApplianceError(.init("tomb.locked"), "the tomb is locked"))
    #expect(await host.examine(.gatewayTokenRequired).status == .unknown)
  }

  @Test func beforeTheFirstDesiredStateThereIsNothing() async {
    var host = host
    host.desired = .success(nil)
    #expect(await host.examine(.gatewayTokenRequired).isNotApplicable)
    #expect(await host.examine(.gatewayExposure).isNotApplicable)
  }

  @Test func invalidDesiredStateIsUnknown() async throws {
    var host = host
    try host.desire("version: 1\nappliance: {name: probe}\ngateway: {host: 0.0.0.0}\n")
    let result = await host.examine(.gatewayTokenRequired)
    #expect(result.status == .unknown)
    #expect(result.evidence.hasPrefix("could not look: the desired state is not valid: "))
  }
}
