// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import Testing
import Tomb

@testable import Doctor

/// The checklist before other people depend on it.
struct GoLiveTests {
  private var host: HostBuilder
  private static let team = """
    agent: {provider: main}
    providers: {main: {type: openai}}
    channels: {web: {type: web}}
    gateway: {auth: {token: env:TOKEN, rotateAfter: 60d}}

    """

  init() throws {
    host = try HostBuilder()
    try host.run(Self.status())
  }

  private static func status(
    provider: ApplianceStatus.Component.Health = .healthy,
    channel: ApplianceStatus.Component.Health = .healthy
  ) -> ApplianceStatus {
    let status = ApplianceStatus.healthy()
    return ApplianceStatus(
      ready: true, appliance: status.appliance, conditions: status.conditions,
      components: status.components,
      providers: [.init(name: "main", expected: true, health: provider)],
      channels: [
        .init(name: "web", expected: true, health: channel),
        .init(name: "old", expected: false, health: .stopped),
      ],
      revisions: status.revisions, drift: status.drift, reconcile: status.reconcile, serial: 1,
      checkedAt: status.checkedAt)
  }

  private func examine(_ check: Check, _ text: String = team) async throws -> CheckResult {
    var host = host
    try host.desire(HostBuilder.desiredText + text)
    return await host.examine(check)
  }

  // MARK: Rows that need more than the desired state

  @Test func healthyPartsPass() async throws {
    let providers = try await examine(.goLiveProviders)
    #expect(providers.isPass && providers.evidence == "main healthy")
    let channels = try await examine(.goLiveChannels)
    #expect(channels.isPass && channels.evidence == "web healthy")
  }

  @Test(arguments: [ApplianceStatus.Component.Health.starting, .unhealthy, .stopped])
  func partsThatAreNotHealthyFail(health: ApplianceStatus.Component.Health) async throws {
    var host = host
    try host.desire(HostBuilder.desiredText + Self.team)
    host.status = Self.status(provider: health, channel: health)
    let providers = await host.examine(.goLiveProviders)
    #expect(providers.status == .fail && providers.evidence == "main is \(health.rawValue)")
    let channels = await host.examine(.goLiveChannels)
    #expect(channels.status == .fail && channels.evidence == "web is \(health.rawValue)")
  }

  @Test func partsThatStatusDoesNotShowFail() async throws {
    let text = "channels: {web: {type: web}, chat: {type: web}}\n"
    let channels = try await examine(.goLiveChannels, text)
    #expect(channels.status == .fail && channels.evidence == "chat is not in kafclaw status")
    let providers = try await examine(.goLiveProviders, text)
    #expect(providers.evidence == "offline is not in kafclaw status")
  }

  @Test func withoutARunningApplianceTheyFail() async throws {
    for isRunning in [false, true] {
      var host = host
      try host.desire(HostBuilder.desiredText + Self.team)
      (host.status, host.isRunning) = (nil, isRunning)
      for check in [Check.goLiveProviders, .goLiveChannels] {
        let result = await host.examine(check)
        #expect(result.status == .fail)
        #expect(
          result.evidence
            == (isRunning ? "the appliance does not answer" : "no appliance is running"))
      }
    }
  }

  @Test func tombNeedsARecoveryKey() async throws {
    let missing = await host.examine(.goLiveTomb)
    #expect(missing.status == .fail && missing.evidence == "there is no tomb on this host")
    _ = try host.makeTomb()
    let result = await host.examine(.goLiveTomb)
    #expect(result.isPass && result.evidence.hasPrefix("recovery keys: "))
  }

  @Test func tombWithoutARecoveryKeyFails() async throws {
    let store = try host.makeTomb()
    let slots = try store.summary().slots
    for slot in slots where slot.kind == "recovery" { try store.removeSlot(slot.id, at: host.now) }
    let result = await host.examine(.goLiveTomb)
    #expect(result.status == .fail && result.evidence == "no recovery key opens the tomb")
  }

  @Test func tombThatDoesNotOpenIsUnknown() async throws {
    _ = try host.makeTomb()
    try host.write("damaged", to: host.paths.tombFile)
    #expect(await host.examine(.goLiveTomb).status == .unknown)
  }

  // MARK: Rows of the desired state

  @Test func cannedRepliesFail() async throws {
    #expect(try await examine(.goLiveProviderReal).isPass)
    let result = try await examine(.goLiveProviderReal, "")
    #expect(result.status == .fail)
    #expect(result.evidence == "agent.provider is offline: replies are canned")
  }

  @Test func channelsNeedAToken() async throws {
    #expect(try await examine(.goLiveToken).isPass)
    #expect(try await examine(.goLiveToken, "").isPass)
    let result = try await examine(.goLiveToken, "channels: {web: {type: web}}\n")
    #expect(result.status == .fail && result.evidence == "channels without a token: web")
  }

  @Test func otherHostsNeedAToken() async throws {
    var host = host
    try host.exposeWithoutToken()
    let result = await host.examine(.goLiveToken)
    #expect(result.status == .fail)
    #expect(result.evidence == "gateway.host is 0.0.0.0, without a token")
    try host.makeToken()
    #expect(await host.examine(.goLiveToken).isPass)
  }

  @Test(arguments: [
    ("rotateAfter: 60d", Verdict.Status.pass), ("rotateAfter: 90d", .pass),
    ("rotateAfter: 91d", .fail),
    ("", .fail),
  ])
  func tokensAreRotated(field: String, status: Verdict.Status) async throws {
    let text = "gateway: {auth: {token: env:TOKEN, \(field)}}\n"
    let result = try await examine(
      .goLiveTokenRotation, text.replacing(", }", with: "}"))
    #expect(result.status == status && result.applies)
    var host = host
    try host.desire(HostBuilder.desiredText + text.replacing(", }", with: "}"))
    let proposals = try await Check.goLiveTokenRotation.propose?(host.host)
    #expect(proposals?.map(\.path) == (status == .pass ? [] : ["gateway.auth.rotateAfter"]))
  }

  @Test func withoutATokenThereIsNothingToRotate() async throws {
    #expect(try await examine(.goLiveTokenRotation, "").isNotApplicable)
    #expect(try await Check.goLiveTokenRotation.propose?(host.host) == [])
  }

  @Test func foldersAreIsolated() async throws {
    #expect(try await examine(.goLiveFolders).isPass)
    var host = host
    host.folderProblems = ["agent.workspace is not apart"]
    let result = await host.examine(.goLiveFolders)
    #expect(result.status == .fail && result.evidence == "agent.workspace is not apart")
  }

  @Test func somebodyOwnsIncidents() async throws {
    let result = try await examine(.goLiveIncidentOwner)
    #expect(result.isPass && result.evidence == "incidents are owned by ops")
    var host = host
    try host.desire("version: 1\nappliance: {name: probe}\n")
    #expect(await host.examine(.goLiveIncidentOwner).status == .fail)
  }

  /// Nothing passes for the reason that there is nothing.
  @Test func withoutADesiredStateAlmostNothingPasses() async throws {
    var host = try HostBuilder()
    (host.desired, host.bootstrap) = (.success(nil), .success(nil))
    let found = await Examiner.examine(host.host, CheckSelection([.goLive]))
    #expect(found.checks.count == Checks.goLive.count)
    let passed = found.checks.filter { $0.status != .fail }
    #expect(passed.map(\.id) == ["go-live.token-rotation"])
    #expect(found.exitCode(strict: false) == 1)
  }

  @Test func retentionHasToBeDeclared() async throws {
    #expect(try await examine(.goLiveLogRetention, Self.team).status == .fail)
    let declared = try await examine(
      .goLiveLogRetention, Self.team + "logs: {retention: 30d}\n")
    #expect(declared.status == .pass && declared.evidence.contains("30"))
  }

  @Test func alertsNeedSomebodyAndThresholds() async throws {
    #expect(try await examine(.goLiveEscalation, Self.team).status == .fail)
    #expect(try await examine(.goLiveMonitoring, Self.team).status == .pass)
    let off = Self.team + "monitoring: {authFailures: 0}\n"
    let result = try await examine(.goLiveMonitoring, off)
    #expect(result.status == .fail && result.evidence.contains("monitoring.authFailures"))
  }

  @Test func everyRowIsOfTheChecklist() {
    #expect(Checks.goLive.allSatisfy { $0.group == .goLive && $0.id.hasPrefix("go-live.") })
    #expect(Checks.goLive.allSatisfy { $0.reference.hasPrefix("runbook 5") })
  }
}
