// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Testing

/// How main file and fragments become one state, and where its values come from.
struct MergeTests {
  private let main = """
    version: 1
    appliance: {name: probe}
    gateway: {port: 9000, host: 127.0.0.1}
    senders:
      owners: [alice-1, bob-2]

    """

  @Test func fragmentsAddValues() throws {
    let outcome = Documents.load(files: [
      "kafclaw.yaml": main,
      "kafclaw.d/10-web.yaml": "channels: {web: {type: web}}\n",
      "kafclaw.d/20-more.yaml": "channels: {kiosk: {type: web}}\nsenders: {internal: [carol-3]}\n",
    ])
    let spec = try #require(outcome.state).spec
    #expect(Set(spec.channels.keys) == ["web", "kiosk"])
    #expect(spec.senders.owners.map(\.text) == ["alice-1", "bob-2"])
    #expect(spec.senders.internal.map(\.text) == ["carol-3"])
    #expect(spec.gateway.port.value == 9000)
  }

  @Test(arguments: [
    "gateway: {port: 9001}\n", "gateway: {port: 9000}\n", "gateway: {port: {a: b}}\n",
  ])
  func fragmentMustNotSetWhatTheMainFileSets(fragment: String) throws {
    let issues = Documents.load(
      files: ["kafclaw.yaml": main, "kafclaw.d/10-port.yaml": fragment]
    ).issues
    let issue = try #require(issues.first)
    #expect(issues.count == 1)
    #expect(issue.file == "kafclaw.d/10-port.yaml")
    #expect(issue.summary == "1:17 fragment-conflict gateway.port")
    #expect(issue.message.contains("kafclaw.yaml:3:17"))
  }

  @Test func fragmentsMustNotSetTheSameValue() throws {
    let issues = Documents.load(files: [
      "kafclaw.yaml": main,
      "kafclaw.d/10-one.yaml": "tools:\n  deny: [exec]\n",
      "kafclaw.d/20-two.yaml": "tools: {deny: [web_fetch]}\n",
    ]).issues
    let issue = try #require(issues.first)
    #expect(issues.count == 1)
    #expect(issue.file == "kafclaw.d/20-two.yaml")
    #expect(issue.summary == "1:15 fragment-conflict tools.deny")
    #expect(issue.message.contains("kafclaw.d/10-one.yaml:2:9"))
  }

  @Test func fragmentMustNotReplaceAListOrASection() {
    let issues = Documents.load(files: [
      "kafclaw.yaml": main,
      "kafclaw.d/10.yaml": "senders: {owners: [carol-3]}\nappliance: probe\n",
    ]).issues
    #expect(
      issues.map(\.summary) == [
        "1:19 fragment-conflict senders.owners", "2:12 fragment-conflict appliance",
      ])
  }

  @Test func issuesOfAllFilesAreReportedAtOnce() {
    let issues = Documents.load(
      files: [
        "kafclaw.yaml": main + "tols: {}\n",
        "kafclaw.d/10.yaml": "logs: {retention: soon}\n",
        "hosts/claw-1.yaml": "reconcile: {interval: often}\n",
      ], host: "claw-1"
    ).issues
    #expect(
      issues.map { "\($0.file):\($0.summary)" } == [
        "hosts/claw-1.yaml:1:23 type reconcile.interval",
        "kafclaw.d/10.yaml:1:19 type logs.retention",
        "kafclaw.yaml:6:1 unknown-key -",
      ])
  }

  @Test func everyValueKnowsWhereItComesFrom() throws {
    let files = [
      "kafclaw.yaml": main,
      "kafclaw.d/10-tools.yaml": "\ntools: {deny: [exec]}\n",
    ]
    let state = try #require(Documents.load(files: files).state)
    let port = Origin.file(path: "kafclaw.yaml", line: 3, column: 11)
    let owner = Origin.file(path: "kafclaw.yaml", line: 5, column: 21)
    let tool = Origin.file(path: "kafclaw.d/10-tools.yaml", line: 2, column: 16)
    #expect(state.provenance["gateway.port"] == port)
    #expect(state.provenance["senders.owners[1]"] == owner)
    #expect(state.provenance["tools.deny[0]"] == tool)
    #expect(state.origin(of: "gateway.port")?.value == JSONValue.integer(9000))
    #expect(state.origin(of: "gateway.port")?.origin == port)
    #expect(state.origin(of: "gateway.dashboardPort")?.origin == Origin.builtIn)
    #expect(state.origin(of: "gateway.nothing")?.origin == nil)
  }

  @Test func workspaceFilesKeepTheirPathsAndModes() throws {
    var tree = SourceTree()
    tree.files["kafclaw.yaml"] = SourceTree.File(bytes: Array(main.utf8))
    tree.files["workspace/AGENTS.md"] = SourceTree.File(bytes: [0x68, 0x69])
    tree.files["workspace/bin/run"] = SourceTree.File(bytes: [0xFF], isExecutable: true)
    let state = try #require(Documents.load(tree, nil, [:]).state)
    #expect(
      state.workspace == [
        "AGENTS.md": SourceTree.File(bytes: [0x68, 0x69]),
        "bin/run": SourceTree.File(bytes: [0xFF], isExecutable: true),
      ])
  }

  @Test func missingMainFileIsNamed() {
    let issues = Documents.load(files: ["kafclaw.d/10.yaml": "tools: {deny: [exec]}\n"]).issues
    #expect(issues.map(\.summary) == ["0:0 missing -"])
  }
}
