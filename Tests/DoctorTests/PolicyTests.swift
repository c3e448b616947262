// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Testing

@testable import Doctor

/// Whether the desired state is a safe one.
struct PolicyTests {
  private var host: HostBuilder

  init() throws { host = try HostBuilder() }

  private func examine(_ check: Check, _ text: String) async throws -> CheckResult {
    var host = host
    try host.desire(HostBuilder.desiredText + text)
    return await host.examine(check)
  }

  private func proposals(_ check: Check, _ text: String) async throws -> [String] {
    var host = host
    try host.desire(HostBuilder.desiredText + text)
    return try await check.propose?(host.host).map {
      "\($0.path): \(CanonicalJSON.text($0.value))"
    } ?? []
  }

  static let ofTheState: [Check] = [
    .toolsRestrictWorkspace, .policyGuardrails, .foldersIsolated, .sendersWildcards,
    .securitySuppressions,
  ]

  @Test(arguments: PolicyTests.ofTheState.map(\.id))
  func leastStatePassesAndProposesNothing(id: String) async throws {
    let check = try #require(Self.ofTheState.first { $0.id == id })
    #expect(await host.examine(check).isPass)
    #expect(try await proposals(check, "") == [])
  }

  @Test(arguments: PolicyTests.ofTheState.map(\.id))
  func whatCannotBeReadIsNoPass(id: String) async throws {
    let check = try #require(Self.ofTheState.first { $0.id == id })
    var host = host
    host.desired = .success(nil)
    #expect(await host.examine(check).isNotApplicable)
    host.desired = .failure(ApplianceError(.init("io.failed"), "cannot read \"bundle.json\""))
    let result = await host.examine(check)
    #expect(result.status == .unknown)
    #expect(result.evidence == "could not look: cannot read \"bundle.json\"")
    try host.desire("version: 2\n")
    #expect(await host.examine(check).status == .unknown)
  }

  // MARK: tools.restrict-workspace

  private static let unrestricted = "tools: {exec: {restrictWorkspace: false}}\n"

  @Test func unrestrictedCommandsFailWithTheirPlace() async throws {
    let result = try await examine(.toolsRestrictWorkspace, Self.unrestricted)
    #expect(result.status == .fail)
    #expect(
      result.evidence == "tools.exec.restrictWorkspace is false (kafclaw.yaml:3:16)")
    #expect(
      try await proposals(.toolsRestrictWorkspace, Self.unrestricted)
        == ["tools.exec.restrictWorkspace: true"])
  }

  @Test func variableOfTheApplianceIsNamedAndNothingProposed() async throws {
    let variable = "KAFCLAW_TOOLS_EXEC_RESTRICT_WORKSPACE"
    let tree = SourceTree(files: [
      "kafclaw.yaml": SourceTree.File(bytes: Array(HostBuilder.desiredText.utf8))
    ])
    let loader = DesiredStateLoader(
      host: nil, overrides: EnvironmentOverrides(environment: [variable: "false"]))
    guard case .valid(let state) = loader.load(tree) else {
      Issue.record("not valid")
      return
    }
    var host = host
    host.desired = .success(state)
    let result = await host.examine(.toolsRestrictWorkspace)
    #expect(result.status == .fail)
    #expect(
      result.evidence
        == "tools.exec.restrictWorkspace is false (environment variable \(variable))")
    #expect(try await Check.toolsRestrictWorkspace.propose?(host.host) == [])
  }

  @Test func variableOfTheCommandFailsToo() async {
    var host = host
    host.environment = ["KAFCLAW_TOOLS_EXEC_RESTRICT_WORKSPACE": "false"]
    let result = await host.examine(.toolsRestrictWorkspace)
    #expect(result.status == .fail)
    #expect(
      result.evidence == "KAFCLAW_TOOLS_EXEC_RESTRICT_WORKSPACE is false in this environment")
    host.desired = .success(nil)
    #expect(await host.examine(.toolsRestrictWorkspace).status == .fail)
    host.environment = ["KAFCLAW_TOOLS_EXEC_RESTRICT_WORKSPACE": "true"]
    #expect(await host.examine(.toolsRestrictWorkspace).isNotApplicable)
  }

  // MARK: policy.guardrails

  @Test func rulesThatHoldAreCounted() async {
    let result = await host.examine(.policyGuardrails)
    #expect(result.isPass && result.evidence == "5 rules of baseline hold")
  }

  @Test func brokenRulesAreNamed() async throws {
    let text = "tools: {exec: {restrictWorkspace: false}, tiers: {external: write}}\n"
    let result = try await examine(.policyGuardrails, text)
    #expect(result.status == .fail)
    #expect(
      result.evidence
        == "baseline/exec-restricted: Commands stay inside the workspace and the work "
        + "repo (tools.exec.restrictWorkspace); baseline/external-read-only: External senders get "
        + "no more than reading tools (tools.tiers.external)")
    let warned = try await examine(.policyGuardrails, "tools: {tiers: {external: write}}\n")
    #expect(warned.status == .warn)
    #expect(warned.remedy == "Set tools.tiers.external to read.")
  }

  @Test func everySimpleRuleHasAProposal() async throws {
    let text = """
      guardrails: [baseline, strict]
      gateway: {host: 10.0.0.5, auth: {token: env:TOKEN}}
      tools:
        deny: [write_file]
        tiers: {external: write, internal: high-risk}
        exec: {restrictWorkspace: false}
      channels: {web: {type: web, dmPolicy: open}}
      reconcile: {drift: {default: report}}

      """
    #expect(
      try await proposals(.policyGuardrails, text).sorted() == [
        "channels.web.dmPolicy: \"allowlist\"", "gateway.host: \"127.0.0.1\"",
        "reconcile.drift.default: \"correct\"", "tools.deny: [\"write_file\",\"exec\"]",
        "tools.exec.restrictWorkspace: true", "tools.tiers.external: \"read\"",
        "tools.tiers.internal: \"write\"",
      ])
  }

  /// A state with all that is proposed breaks none of those rules any more.
  @Test func ownerAndTokenAreNobodysToGuess() async throws {
    var host = host
    try host.desire("version: 1\nappliance: {name: probe}\nguardrails: [baseline, strict]\n")
    let result = await host.examine(.policyGuardrails)
    #expect(result.status == .fail && result.evidence.contains("strict/incident-owner"))
    let paths = try await Check.policyGuardrails.propose?(host.host).map(\.path)
    #expect(paths == ["tools.deny"])
  }

  @Test func noRulesAtAllIsAWarning() async throws {
    let result = try await examine(.policyGuardrails, "guardrails: []\n")
    #expect(result.status == .warn && result.evidence == "guardrails is empty: no rule is asked")
  }

  @Test func unknownPackIsUnknown() async throws {
    #expect(try await examine(.policyGuardrails, "guardrails: [mine]\n").status == .unknown)
  }

  // MARK: folders.isolated

  @Test func problemsOfFoldersAreTold() async {
    var host = host
    host.folderProblems = ["agent.workRepo: \"/etc\" is not apart", "another"]
    let result = await host.examine(.foldersIsolated)
    #expect(result.status == .fail)
    #expect(result.evidence == "agent.workRepo: \"/etc\" is not apart; another")
  }

  // MARK: senders.wildcards

  @Test func openChannelsAndTiersWarn() async throws {
    let text = """
      tools: {tiers: {external: high-risk}}
      channels: {web: {type: web, dmPolicy: open}, b: {type: web}}

      """
    let result = try await examine(.sendersWildcards, text)
    #expect(result.status == .warn)
    #expect(
      result.evidence == "channels.web.dmPolicy is open: everybody is admitted; "
        + "tools.tiers.external is high-risk: strangers do more than read")
    #expect(
      try await proposals(.sendersWildcards, text)
        == ["channels.web.dmPolicy: \"allowlist\"", "tools.tiers.external: \"read\""])
  }

  @Test(arguments: [(1_000, Verdict.Status.pass), (1_001, .warn)])
  func longListsWarn(count: Int, status: Verdict.Status) async throws {
    let ids = (0..<count).map { "u\($0)" }.joined(separator: ", ")
    let result = try await examine(
      .sendersWildcards, "channels: {web: {type: web, allow: [\(ids)]}}\n")
    #expect(result.status == status)
    if status == .warn { #expect(result.evidence == "channels.web.allow has 1001 senders") }
  }

  @Test func disabledChannelsAdmitNobody() async throws {
    let text = "channels: {web: {type: web, dmPolicy: disabled}}\n"
    #expect(try await examine(.sendersWildcards, text).isPass)
  }
}
