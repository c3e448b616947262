// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DesiredState
import DurableIO
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Doctor

/// The running appliance, its ports and its source.
struct StateRunningTests {
  private let host: HostBuilder

  init() throws { host = try HostBuilder() }

  // MARK: appliance.running

  @Test func stoppedApplianceIsWarned() async {
    let result = await host.examine(.applianceRunning)
    #expect(result.status == .warn)
    #expect(result.remedy == "kafclaw run")
  }

  @Test(arguments: [
    ("pid 12 (kafclaw run)\n", Verdict.Status.fail), ("", .fail),
    ("pid 12 (kafclaw apply)\n", .warn),
  ])
  func holderThatDoesNotAnswer(text: String, status: Verdict.Status) async throws {
    var host = host
    try host.run(nil)
    try host.write(text, to: host.paths.lock)
    let result = await host.examine(.applianceRunning)
    #expect(result.status == status)
    #expect(result.evidence.contains(text.isEmpty ? "some process" : "pid 12"))
  }

  @Test func answeringApplianceIsNamed() async throws {
    var host = host
    try host.run()
    try host.write("pid 12 (kafclaw run)\n", to: host.paths.lock)
    let result = await host.examine(.applianceRunning)
    #expect(result.isPass)
    #expect(result.evidence == "pid 12 (kafclaw run) runs \"probe\" and answers")
  }

  // MARK: appliance.converged

  private func converged(_ status: ApplianceStatus) async throws -> CheckResult {
    var host = host
    try host.run(status)
    return await host.examine(.applianceConverged)
  }

  @Test func nothingIsSaidOfAStoppedAppliance() async {
    #expect(await host.examine(.applianceConverged).isNotApplicable)
  }

  @Test(arguments: [
    (Condition.Kind.degraded, Condition.Reason.applyFailed, Verdict.Status.fail),
    (.stalled, .guardrailDenied, .fail), (.rolledBack, .returnedToLastGood, .fail),
    (.quarantined, .changeQuarantined, .fail), (.held, .changesHeld, .warn),
    (.suspended, .suspendedByOperator, .warn), (.pinned, .pinnedByOperator, .warn),
    (.stale, .sourceTooOld, .warn),
  ])
  func conditionIsFound(
    kind: Condition.Kind, reason: Condition.Reason, status: Verdict.Status
  ) async throws {
    let condition = Condition(
      kind, status: true, reason: reason, message: "why", lastTransition: Date())
    let result = try await converged(.healthy(conditions: [condition]))
    #expect(result.status == status)
    #expect(result.evidence == "\(kind.rawValue): \(reason.rawValue): why")
  }

  @Test(arguments: [Condition.Kind.reconciling, .sourceUnverified])
  func harmlessConditionIsNone(kind: Condition.Kind) async throws {
    let condition = Condition(
      kind, status: true, reason: .verificationDisabled, message: "", lastTransition: Date())
    #expect(try await converged(.healthy(conditions: [condition])).isPass)
  }

  @Test(arguments: [
    (ApplianceStatus.Component.Health.starting, Verdict.Status.warn), (.unhealthy, .fail),
    (.stopped, .fail),
  ])
  func componentIsFound(
    health: ApplianceStatus.Component.Health, status: Verdict.Status
  ) async throws {
    let component = ApplianceStatus.Component(
      name: "agent", pid: nil, health: health, configDigest: nil, restarts: 0, message: "no answer")
    let condition = Condition(
      .degraded, status: true, reason: .componentUnhealthy, message: "a component is not healthy",
      lastTransition: Date())
    let result = try await converged(
      .healthy(ready: false, conditions: [condition], components: [component]))
    #expect(result.status == status)
    #expect(result.evidence == "agent is \(health.rawValue): no answer")
  }

  @Test(arguments: [(3, Verdict.Status.pass), (4, .warn)])
  func restartsAreCounted(count: Int, status: Verdict.Status) async throws {
    let components = [ApplianceStatus.Component.healthy("agent", restarts: count)]
    #expect(try await converged(.healthy(components: components)).status == status)
  }

  @Test func reportedDriftIsNamedOnce() async throws {
    let condition = Condition(
      .drifted, status: true, reason: .driftReported, message: "senders/web", lastTransition: Date()
    )
    let result = try await converged(
      .healthy(conditions: [condition], drift: .init(reported: ["senders/web"])))
    #expect(result.status == .warn)
    #expect(result.evidence == "differs and is only reported: senders/web")
  }

  @Test func notYetReadyIsWarned() async throws {
    let result = try await converged(.healthy(ready: false))
    #expect(result.status == .warn)
    #expect(result.evidence == "not ready: NotYetReconciled")
  }

  // MARK: appliance.ports

  /// A listener of its own, with an address that the kernel chose.
  private struct Listener: ~Copyable {
    let number: Int32
    let port: Int

    init(isListening: Bool = true) throws {
      number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let (number, wanted) = (number, size)
      let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(number, $0, wanted) == 0 && getsockname(number, $0, &size) == 0
        }
      }
      port = Int(UInt16(bigEndian: address.sin_port))
      guard isBound, !isListening || listen(number, 1) == 0 else {
        throw SetupFailure(what: "listen")
      }
    }

    deinit { close(number) }
  }

  private func text(_ port: Int, _ dashboard: Int, host: String = "127.0.0.1") -> String {
    HostBuilder.desiredText
      + "gateway: {host: \"\(host)\", port: \(port), dashboardPort: \(dashboard)}\n"
  }

  @Test func freePortsPass() async throws {
    var host = host
    try host.desire(text(try FreePort.next(), try FreePort.next()))
    let result = await host.examine(.appliancePorts)
    #expect(result.isPass, "\(result.evidence)")
  }

  @Test(arguments: ["127.0.0.1", "0.0.0.0"])
  func takenPortFails(address: String) async throws {
    var host = host
    let listener = try Listener()
    let free = try FreePort.next()
    let token = "env:KAFCLAW_GATEWAY_AUTH_TOKEN"
    try host.desire(
      text(free, listener.port, host: address)
        .replacing("gateway: {", with: "gateway: {auth: {token: \"\(token)\"}, "))
    host.system = SystemFiles()
    let result = await host.examine(.appliancePorts)
    #expect(result.status == .fail)
    #expect(
      result.evidence
        == "\(address) port \(listener.port) (gateway.dashboardPort) is taken by user \(geteuid())")
  }

  @Test func addressOfAnotherHostIsWarned() async throws {
    var host = host
    // RFC 5737: for documentation only.
    let token = "gateway: {auth: {token: \"env:KAFCLAW_GATEWAY_AUTH_TOKEN\"}, "
    try host.desire(text(18_790, 18_791, host: "192.0.2.1").replacing("gateway: {", with: token))
    let result = await host.examine(.appliancePorts)
    #expect(result.status == .warn)
    #expect(result.evidence.contains("none of this host's"))
  }

  @Test func portsOfTheRunningApplianceAreItsOwn() async throws {
    var host = host
    let listener = try Listener()
    try host.desire(text(listener.port, 18_791))
    try host.run()
    #expect(await host.examine(.appliancePorts).isPass)
    host.status = .healthy(components: [])
    #expect(await host.examine(.appliancePorts).status == .unknown)
    host.status = nil
    #expect(await host.examine(.appliancePorts).status == .unknown)
  }

  @Test func portsOfAnUnknownStateAreNotTried() async throws {
    var host = host
    host.desired = .success(nil)
    #expect(await host.examine(.appliancePorts).isNotApplicable)
  }

  @Test func tableOfListenersIsRead() {
    let lines: [Substring] = [
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout",
      "   0: 0100007F:4966 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 17",
      "   1: 0100007F:4966 0100007F:A6E4 01 00000000:00000000 00:00000000 00000000  1001        0 18",
      "   2: 00000000:4967 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 19",
      "   3: :ZZZZ x 0A", "",
    ]
    #expect(ListenerTable.users(of: 18_790, in: lines) == ["1000"])
    #expect(ListenerTable.users(of: 18_791, in: lines) == ["0"])
    #expect(ListenerTable.users(of: 18_792, in: lines) == [])
  }

  // MARK: source.fresh

  @Test func repositoryOfAStoppedApplianceIsThere() async throws {
    #expect(await host.examine(.sourceFresh).isNotApplicable)
  }

  @Test func repositoryThatIsGoneFails() async throws {
    #expect(rmdir(host.folder("repository")) == 0)
    let result = await host.examine(.sourceFresh)
    #expect(result.status == .fail)
    #expect(result.evidence == "\(host.folder("repository")) does not exist")
    try host.write("", to: host.folder("repository"))
    #expect(await host.examine(.sourceFresh).evidence.hasSuffix("is not a folder"))
  }

  @Test func addressThatIsRefusedFails() async throws {
    var host = try HostBuilder(source: "{repository: \"http://git.example/repo\", verify: none}")
    try host.run()
    #expect(await host.examine(.sourceFresh).status == .fail)
  }

  @Test(arguments: [Condition.Reason.sourceUnavailable, .sourceTooOld])
  func sourceThatIsNotReadFails(reason: Condition.Reason) async throws {
    var host = try HostBuilder(source: "{repository: \"https://git.example/repo\", verify: none}")
    #expect(await host.examine(.sourceFresh).isNotApplicable)
    try host.run()
    #expect(await host.examine(.sourceFresh).isPass)
    let stale = Condition(
      .stale, status: true, reason: reason, message: "no answer", lastTransition: Date())
    host.status = .healthy(conditions: [stale])
    let result = await host.examine(.sourceFresh)
    #expect(result.status == .fail)
    #expect(result.evidence == "\(reason.rawValue): no answer")
    host.status = nil
    #expect(await host.examine(.sourceFresh).status == .unknown)
  }
}
