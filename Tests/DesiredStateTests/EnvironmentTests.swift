// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Testing

/// The six variables that override a field.
struct EnvironmentTests {
  private let settings = """
    agent: {provider: main}
    providers: {main: {type: openai}}
    gateway: {host: 127.0.0.1, port: 9000, dashboardPort: 9001, auth: {token: tomb:gateway}}
    tools: {exec: {restrictWorkspace: true}}

    """

  private var main: String { Documents.header + settings }

  struct Override: Sendable, CustomTestStringConvertible {
    let variable: String
    let value: String
    let path: String
    let effective: JSONValue

    var testDescription: String { "\(variable)=\(value)" }
  }

  static let overrides: [Override] = [
    Override(
      variable: "KAFCLAW_AGENT_PROVIDER", value: "offline", path: "agent.provider",
      effective: "offline"),
    Override(
      variable: "KAFCLAW_GATEWAY_HOST", value: "::1", path: "gateway.host", effective: "::1"),
    Override(
      variable: "KAFCLAW_GATEWAY_PORT", value: "9100", path: "gateway.port", effective: 9100),
    Override(
      variable: "KAFCLAW_GATEWAY_DASHBOARD_PORT", value: "9101", path: "gateway.dashboardPort",
      effective: 9101),
    Override(
      variable: "KAFCLAW_GATEWAY_AUTH_TOKEN", value: "not-a-real-token",
      path: "gateway.auth.token", effective: "env:KAFCLAW_GATEWAY_AUTH_TOKEN"),
    Override(
      variable: "KAFCLAW_TOOLS_EXEC_RESTRICT_WORKSPACE", value: "false",
      path: "tools.exec.restrictWorkspace", effective: false),
  ]

  @Test func overridesAreTheDocumentedOnes() {
    let documented = EnvironmentTests.overrides.map { "\($0.variable) \($0.path)" }
    let names = EnvironmentOverrides.names.map {
      "\($0.variable) \($0.path.joined(separator: "."))"
    }
    #expect(names.sorted() == documented.sorted())
  }

  @Test(arguments: EnvironmentTests.overrides, [true, false])
  func variableWins(override: Override, isSetInTheFile: Bool) throws {
    let document = isSetInTheFile ? main : Documents.header
    let environment = [override.variable: override.value]
    let outcome = Documents.load(files: ["kafclaw.yaml": document], environment: environment)
    let state = try #require(outcome.state)
    let field = try #require(state.origin(of: override.path))
    #expect(field.value == override.effective)
    #expect(field.origin == Origin.environment(override.variable))
  }

  @Test(arguments: EnvironmentTests.overrides)
  func variableBeatsTheHostsOverlay(override: Override) throws {
    let files = ["kafclaw.yaml": Documents.header, "hosts/claw-1.yaml": settings]
    let environment = [override.variable: override.value]
    let outcome = Documents.load(files: files, host: "claw-1", environment: environment)
    let state = try #require(outcome.state)
    let field = try #require(state.origin(of: override.path))
    #expect(field.value == override.effective)
  }

  @Test(arguments: EnvironmentTests.overrides)
  func emptyVariableCountsAsAbsent(override: Override) throws {
    let plain = try #require(Documents.load(main).state)
    let outcome = Documents.load(
      files: ["kafclaw.yaml": main], environment: [override.variable: ""])
    #expect(outcome.state == plain)
  }

  @Test func otherVariablesChangeNothing() throws {
    let plain = try #require(Documents.load(main).state)
    let environment = [
      "GATEWAY_PORT": "9100", "kafclaw_gateway_port": "9100", "KAFCLAW_GATEWAY_PORT ": "9100",
      "KAFCLAW_AGENT_MODEL": "large", "KAFCLAW_GATEWAY_AUTH": "x",
    ]
    let outcome = Documents.load(files: ["kafclaw.yaml": main], environment: environment)
    #expect(outcome.state == plain)
  }

  @Test(arguments: [
    ("KAFCLAW_GATEWAY_HOST=gateway.example", "type gateway.host"),
    ("KAFCLAW_GATEWAY_PORT=http", "type gateway.port"),
    ("KAFCLAW_GATEWAY_PORT=0", "range gateway.port"),
    ("KAFCLAW_GATEWAY_DASHBOARD_PORT= 9101", "type gateway.dashboardPort"),
    ("KAFCLAW_TOOLS_EXEC_RESTRICT_WORKSPACE=no", "type tools.exec.restrictWorkspace"),
    ("KAFCLAW_TOOLS_EXEC_RESTRICT_WORKSPACE=1", "type tools.exec.restrictWorkspace"),
  ])
  func invalidValueIsReportedAtItsVariable(assignment: String, issue: String) {
    let parts = assignment.split(separator: "=").map(String.init)
    let issues = Documents.load(
      files: ["kafclaw.yaml": main], environment: [parts[0]: parts[1]]
    ).issues
    #expect(issues.map(\.summary) == ["0:0 \(issue)"])
    #expect(issues.map(\.file) == ["environment:\(parts[0])"])
  }

  @Test func ruleOverAnOverriddenValuePointsAtItsVariable() {
    let issues = Documents.load(
      files: ["kafclaw.yaml": main], environment: ["KAFCLAW_GATEWAY_DASHBOARD_PORT": "9000"]
    ).issues
    #expect(issues.map(\.summary) == ["0:0 port-conflict gateway.dashboardPort"])
    #expect(issues.map(\.file) == ["environment:KAFCLAW_GATEWAY_DASHBOARD_PORT"])
  }

  @Test func tokenVariableMakesAReachableGatewayAcceptable() throws {
    let files = ["kafclaw.yaml": Documents.header + "gateway: {host: 0.0.0.0}\n"]
    #expect(Documents.load(files: files).issues.map(\.rule) == ["exposed-without-token"])
    let environment = ["KAFCLAW_GATEWAY_AUTH_TOKEN": "not-a-real-token"]
    let state = try #require(Documents.load(files: files, environment: environment).state)
    let reference = SecretReference.environment("KAFCLAW_GATEWAY_AUTH_TOKEN")
    #expect(state.spec.gateway.auth.token == reference)
  }

  @Test func valueOfTheTokenIsNotKept() throws {
    let overrides = EnvironmentOverrides(
      environment: ["KAFCLAW_GATEWAY_AUTH_TOKEN": "not-a-real-token"])
    let coded = String(decoding: try ApplianceJSON.encode(overrides), as: UTF8.self)
    #expect(!coded.contains("not-a-real-token"))
    #expect(!String(reflecting: overrides).contains("not-a-real-token"))
  }
}
