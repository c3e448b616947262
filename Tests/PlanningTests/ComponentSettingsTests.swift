// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Testing

@testable import Planning

/// The settings of components: what a plan compares is what a component decodes.
struct ComponentSettingsTests {
  private static let paths = AppliancePaths.user(home: "/home/claw")

  private static func specs() -> [ApplianceSpec] {
    var full = ApplianceSpec()
    full.appliance.name = "probe \"quoted\" é"
    full.gateway.host = ListenAddress("::1")
    full.gateway.auth.token = .tomb("gateway")
    full.agent.workspace = "~/desk"
    full.agent.workRepo = "/srv/work"
    full.tools.deny = ["exec", "edit_file"]
    full.tools.allow = []
    full.tools.tiers.external = .highRisk
    return [ApplianceSpec(), full]
  }

  @Test(arguments: [0, 1])
  func gatewaySettingsComeBackFromTheirJSON(index: Int) throws {
    let settings = GatewaySettings(spec: Self.specs()[index])
    let bytes = CanonicalJSON.bytes(settings.json)
    #expect(try ApplianceJSON.decode(GatewaySettings.self, from: bytes) == settings)
    #expect(try ApplianceJSON.encode(settings) == bytes)
  }

  @Test(arguments: [0, 1])
  func agentSettingsComeBackFromTheirJSON(index: Int) throws {
    let settings = AgentSettings(spec: Self.specs()[index], paths: Self.paths)
    let bytes = CanonicalJSON.bytes(settings.json)
    #expect(try ApplianceJSON.decode(AgentSettings.self, from: bytes) == settings)
    #expect(try ApplianceJSON.encode(settings) == bytes)
  }

  @Test func absentTokenIsLeftOut() {
    let settings = GatewaySettings(spec: ApplianceSpec())
    #expect(
      settings.json == ["host": "127.0.0.1", "port": 18_790, "dashboardPort": 18_791])
  }

  @Test func emptyAllowListIsNotTheSameAsNone() {
    var spec = ApplianceSpec()
    let open = AccessFields.of(AccessRules(spec).tools)
    spec.tools.allow = []
    let closed = AccessFields.of(AccessRules(spec).tools)
    #expect(open["allow"] == nil)
    #expect(closed["allow"] == [])
  }

  @Test func orderOfAccessListsMeansNothing() {
    var spec = ApplianceSpec()
    spec.tools.deny = ["exec", "edit_file"]
    spec.senders.owners = [SenderID("b"), SenderID("a")]
    let one = AccessRules(spec)
    spec.tools.deny = ["edit_file", "exec"]
    spec.senders.owners = [SenderID("a"), SenderID("b")]
    let other = AccessRules(spec)
    #expect(AccessFields.of(one.tools) == AccessFields.of(other.tools))
    #expect(AccessFields.tiers(one) == AccessFields.tiers(other))
  }

  @Test func fallbacksFollowTheProviderAndKeepTheirOwnModel() {
    var spec = ApplianceSpec()
    var provider = ProviderSpec()
    provider.type = .anthropic
    provider.model = "small"
    spec.providers["spare"] = provider
    provider.type = .openai
    spec.providers["main"] = provider
    spec.agent.provider = "main"
    spec.agent.model = "large"
    spec.agent.fallbacks = ["spare", "main"]
    let routes = AgentSettings(spec: spec, paths: Self.paths).routes
    #expect(routes.map(\.provider) == ["main", "spare"])
    #expect(routes.map(\.protocol) == [.openai, .anthropic])
    #expect(routes.map(\.model) == ["large", "small"])
  }

  @Test func agentFoldersAreAbsolute() {
    let settings = Self.specs().map { AgentSettings(spec: $0, paths: Self.paths) }
    #expect(settings.map(\.workspace) == ["/home/claw/.kafclaw/workspace", "/home/claw/desk"])
    #expect(settings.map(\.workRepo) == ["/home/claw/.kafclaw/work-repo", "/srv/work"])
  }

  @Test func everySenderTierHasAToolTier() {
    let tiers = AccessRules(ApplianceSpec()).tools.tiers
    #expect(Set(tiers.keys) == Set(SenderTier.allCases))
    #expect(tiers[.unknown] == ToolTier.none)
    #expect(tiers[.external] == .read)
    #expect(tiers[.owner] == .highRisk)
  }

  @Test func renderedConfigurationIsCanonicalJSONAndALineFeed() throws {
    let file = SourceTree.File(bytes: Array("version: 1\nappliance: {name: probe}\n".utf8))
    let tree = SourceTree(files: ["kafclaw.yaml": file])
    let outcome = DesiredStateLoader(host: nil, overrides: .none).load(tree)
    guard case .valid(let state) = outcome else {
      Issue.record("not valid: \(outcome)")
      return
    }
    let bytes = RenderedConfiguration.bytes(of: state)
    #expect(bytes == CanonicalJSON.bytes(state.spec.effective) + Array("\n".utf8))
    let value = try ApplianceJSON.decode(JSONValue.self, from: bytes)
    #expect(value["appliance"]?["name"] == "probe")
  }
}
