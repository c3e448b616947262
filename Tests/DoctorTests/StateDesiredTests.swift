// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Testing
import Tomb

@testable import Doctor

/// The desired state, the secrets it refers to, and what is made of it.
struct StateDesiredTests {
  private let host: HostBuilder

  init() throws { host = try HostBuilder() }

  // MARK: desired.valid, desired.pending

  @Test func everyIssueOfAnInvalidStateIsTold() async throws {
    var host = host
    try host.desire(HostBuilder.desiredText + "gateway: {port: 0, dashboardPort: x}\n")
    let result = await host.examine(.desiredValid)
    #expect(result.status == .fail)
    #expect(result.evidence.contains("kafclaw.yaml:3:17: gateway.port: 0 is not"))
    #expect(result.evidence.contains("gateway.dashboardPort"))
    for check in [Check.desiredPending, .secretsResolve, .providerConfigured] {
      #expect(await host.examine(check).status == .unknown)
    }
  }

  @Test func issuesHoldNoSecrets() async throws {
    var host = host
    let secret = "sk-" + String(repeating: "A1", count: 20)
    try host.desire(HostBuilder.desiredText + "agent: {model: \(secret)}\n")
    let result = await host.examine(.desiredValid)
    #expect(result.status == .fail)
    #expect(!result.evidence.contains(secret))
  }

  @Test func stateThatIsNotThereOrNotReadIsTold() async throws {
    var host = host
    #expect(await host.examine(.desiredValid).evidence == "\"probe\" is valid")
    host.desired = .success(nil)
    for check in [Check.desiredValid, .desiredPending, .secretsResolve, .providerConfigured] {
      #expect(await host.examine(check).isNotApplicable)
    }
    host.desired = .failure(ApplianceError(.fileFailed, "cannot open it"))
    for check in [Check.desiredValid, .desiredPending, .secretsResolve, .providerConfigured] {
      #expect(await host.examine(check).status == .unknown)
    }
  }

  @Test func valueWithoutAMechanismFails() async throws {
    var host = host
    #expect(await host.examine(.desiredPending).isPass)
    try host.desire(HostBuilder.desiredText + "reconcile: {windows: []}\n")
    let result = await host.examine(.desiredPending)
    #expect(result.status == .fail)
    #expect(result.evidence.contains("reconcile.windows"))
    #expect(await host.examine(.desiredValid).isPass)
  }

  // MARK: secrets.resolve

  private static let withToken =
    HostBuilder.desiredText + "gateway: {auth: {token: \"env:KAFCLAW_GATEWAY_AUTH_TOKEN\"}}\n"

  @Test func stateWithoutSecretsNeedsNone() async {
    #expect(await host.examine(.secretsResolve).isNotApplicable)
  }

  @Test func secretThatResolvesIsNamedAndNotShown() async throws {
    var host = host
    try host.desire(Self.withToken)
    host.secrets = ["env:KAFCLAW_GATEWAY_AUTH_TOKEN": "canary"]
    let result = await host.examine(.secretsResolve)
    #expect(result.isPass)
    #expect(result.evidence == "gateway.auth.token: env:KAFCLAW_GATEWAY_AUTH_TOKEN resolves")
  }

  @Test func secretThatIsMissingFails() async throws {
    var host = host
    try host.desire(Self.withToken)
    let result = await host.examine(.secretsResolve)
    #expect(result.status == .fail)
    #expect(
      result.evidence == "gateway.auth.token: \"env:KAFCLAW_GATEWAY_AUTH_TOKEN\" is not set")
    #expect(result.remedy == "set it")
    host.secrets = ["env:KAFCLAW_GATEWAY_AUTH_TOKEN": ""]
    #expect(await host.examine(.secretsResolve).status == .fail)
  }

  @Test func placeThatCannotBeLookedAtIsUnknown() async throws {
    var host = host
    try host.desire(Self.withToken)
    host.secretFailure = ApplianceError(
      .init("tomb.locked"), "the tomb needs its passphrase", hint: "type it")
    let result = await host.examine(.secretsResolve)
    #expect(result.status == .unknown)
    #expect(result.remedy == "type it")
    host.secretFailure = ApplianceError(.init("tomb.not-a-consumer"), "it is for the gateway")
    #expect(await host.examine(.secretsResolve).isPass)
  }

  @Test(arguments: [
    ("env:KAFCLAW_GATEWAY_AUTH_TOKEN", true), ("file:token", true), ("tomb:token", false),
  ])
  func secretOfTheRunningApplianceIsItsOwn(reference: String, isHeld: Bool) async throws {
    var host = host
    try host.desire(
      Self.withToken.replacing("env:KAFCLAW_GATEWAY_AUTH_TOKEN", with: reference))
    try host.run()
    let result = await host.examine(.secretsResolve)
    #expect(result.status == (isHeld ? .pass : .fail))
    if isHeld { #expect(result.evidence.hasSuffix("the running appliance has it")) }
    host.status = .healthy(ready: false)
    #expect(await host.examine(.secretsResolve).status == .fail)
  }

  @Test func tokenThatWasMadeHereTakesThePlaceOfAReference() async throws {
    var host = host
    try host.desire(Self.withToken)
    let tomb = try host.tomb.get()
    try tomb.create(recovery: [], at: host.now)
    let store = TokenStore(tomb)
    _ = try store.generate("scraper", scopes: [.scrape], expires: nil, at: host.now)
    host.tokens = .success(try store.read())
    #expect(await host.examine(.secretsResolve).status == .fail)
    _ = try store.generate(
      ClientToken.sharedName, scopes: TokenScope.shared, expires: nil, at: host.now)
    host.tokens = .success(try store.read())
    #expect(await host.examine(.secretsResolve).isPass)
    host.tokens = .failure(ApplianceError(.init("tomb.locked"), "the tomb is locked"))
    #expect(await host.examine(.secretsResolve).status == .unknown)
  }

  @Test func credentialOfTheSourceIsASecretToo() async throws {
    let host = try HostBuilder(
      source: "{repository: \"https://git.example/repo\", verify: none, credential: \"tomb:git\"}")
    let result = await host.examine(.secretsResolve)
    #expect(result.status == .fail)
    #expect(result.evidence == "source.credential: \"tomb:git\" is not set")
  }

  // MARK: provider.configured

  @Test func offlineProviderIsSaid() async {
    let result = await host.examine(.providerConfigured)
    #expect(result.isPass)
    #expect(result.evidence.contains("replies are canned"))
  }

  @Test(arguments: [
    ("{type: openai, apiKey: \"tomb:key\"}", true, Verdict.Status.pass),
    ("{type: openai, apiKey: \"tomb:key\"}", false, .fail), ("{type: openai}", true, .fail),
    ("{type: openai, baseURL: \"http://127.0.0.1:11434\"}", true, .warn),
  ])
  func declaredProviderNeedsItsKey(
    provider: String, hasKey: Bool, status: Verdict.Status
  ) async throws {
    var host = host
    try host.desire(
      HostBuilder.desiredText + "agent: {provider: main}\nproviders: {main: \(provider)}\n")
    if hasKey { host.secrets = ["tomb:key": "canary"] }
    let result = await host.examine(.providerConfigured)
    #expect(result.status == status)
    #expect(!result.evidence.contains("canary"))
  }

  // MARK: configuration.rendered

  @Test func renderedConfigurationHoldsNoSecret() async throws {
    #expect(await host.examine(.configurationRendered).isNotApplicable)
    try host.use()
    #expect(await host.examine(.configurationRendered).isPass)
    let secret = "sk-" + String(repeating: "A1", count: 20)
    try host.write(
      "{\"a\":{\"b\":[1,\"\(secret)\"]},\"\(secret)\":true}", to: host.paths.renderedConfiguration)
    let result = await host.examine(.configurationRendered)
    #expect(result.status == .fail)
    #expect(
      result.evidence.split(separator: "; ").map { $0.split(separator: ": ").last } == [
        "a.b[1] holds what looks like a secret", "a key holds what looks like a secret",
      ])
    #expect(!result.evidence.contains(secret))
  }

  @Test func damagedConfigurationFails() async throws {
    try host.write("{\"a\":", to: host.paths.renderedConfiguration)
    let result = await host.examine(.configurationRendered)
    #expect(result.status == .fail)
    #expect(result.evidence.contains("syntax error"))
  }
}
