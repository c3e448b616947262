// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Testing

/// How main file, fragments and host overlays become one state.
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

  @Test func overlayReplacesScalarsAndWholeLists() throws {
    let files = [
      "kafclaw.yaml": main,
      "kafclaw.d/10-tools.yaml": "tools: {deny: [exec, web_fetch]}\n",
      "hosts/claw-1.yaml":
        "gateway: {port: 9100}\nsenders: {owners: [carol-3]}\ntools: {deny: []}\n",
    ]
    let spec = try #require(Documents.load(files: files, host: "claw-1").state).spec
    #expect(spec.gateway.port.value == 9100)
    #expect(spec.gateway.host.text == "127.0.0.1")
    #expect(spec.senders.owners.map(\.text) == ["carol-3"])
    #expect(spec.tools.deny.isEmpty)
  }

  @Test func overlayIsForItsHostAlone() throws {
    let files = ["kafclaw.yaml": main, "hosts/claw-1.yaml": "gateway: {port: 9100}\n"]
    for host in [nil, "claw-2", "claw-10"] {
      let state = try #require(Documents.load(files: files, host: host).state)
      #expect(state.spec.gateway.port.value == 9000)
    }
  }

  @Test(arguments: ["gateway: {port: 9100\n", "gateway: &g {port: 9100}\n", "- gateway\n", ""])
  func overlaysOfOtherHostsAreCheckedForSyntax(overlay: String) {
    let files = ["kafclaw.yaml": main, "hosts/claw-2.yaml": overlay]
    for host in [nil, "claw-1", "claw-2"] {
      let issues = Documents.load(files: files, host: host).issues
      #expect(issues.map(\.rule) == ["syntax"])
      #expect(issues.map(\.file) == ["hosts/claw-2.yaml"])
    }
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

  @Test func replacedValueComesFromItsOverlay() throws {
    let files = [
      "kafclaw.yaml": main,
      "hosts/claw-1.yaml": "senders:\n  owners: [carol-3]\ngateway:\n  port: 9100\n",
    ]
    let state = try #require(Documents.load(files: files, host: "claw-1").state)
    func overlay(_ line: Int, _ column: Int) -> Origin {
      .file(path: "hosts/claw-1.yaml", line: line, column: column)
    }
    #expect(state.provenance["gateway.port"] == overlay(4, 3))
    #expect(state.provenance["senders.owners"] == overlay(2, 3))
    #expect(state.provenance["senders.owners[0]"] == overlay(2, 12))
    #expect(
      state.provenance["gateway.host"] == Origin.file(path: "kafclaw.yaml", line: 3, column: 23))
  }

  @Test func ruleOverAReplacedValuePointsAtItsOverlay() {
    let files = ["kafclaw.yaml": main, "hosts/claw-1.yaml": "gateway: {host: 0.0.0.0}\n"]
    let issues = Documents.load(files: files, host: "claw-1").issues
    #expect(issues.map(\.summary) == ["1:11 exposed-without-token gateway.host"])
    #expect(issues.map(\.file) == ["hosts/claw-1.yaml"])
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
