// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Testing

/// What the overlays of hosts change, and what is wrong with them.
struct OverlayTests {
  private let main = """
    version: 1
    appliance: {name: probe}
    gateway: {port: 9000, host: 127.0.0.1}
    senders:
      owners: [alice-1, bob-2]

    """

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
    let files = [
      "kafclaw.yaml": main, "hosts/claw-1.yaml": "gateway: {port: 9100}\n",
      "hosts/claw-10.yaml": "gateway: {dashboardPort: 9101}\n",
    ]
    for host in [nil, "claw-10"] {
      let state = try #require(Documents.load(files: files, host: host).state)
      #expect(state.spec.gateway.port.value == 9000)
    }
  }

  @Test func hostWithoutAnOverlayAmongOthersIsProbablyMisspelt() {
    let files = ["kafclaw.yaml": main, "hosts/claw-1.yaml": "gateway: {port: 9100}\n"]
    let issues = Documents.load(files: files, host: "claw1").issues
    #expect(issues.map(\.summary) == ["0:0 missing -"])
    #expect(issues.map(\.file) == ["hosts/claw1.yaml"])
    #expect(Documents.load(files: ["kafclaw.yaml": main], host: "claw1").state != nil)
  }

  @Test(arguments: ["gateway: {port: 9100\n", "gateway: &g {port: 9100}\n", "- gateway\n", ""])
  func overlaysOfOtherHostsAreCheckedForSyntax(overlay: String) {
    let files = [
      "kafclaw.yaml": main, "hosts/claw-1.yaml": "{}\n", "hosts/claw-2.yaml": overlay,
    ]
    for host in [nil, "claw-1", "claw-2"] {
      let issues = Documents.load(files: files, host: host).issues
      #expect(issues.map(\.rule) == ["syntax"])
      #expect(issues.map(\.file) == ["hosts/claw-2.yaml"])
    }
  }

  @Test(arguments: [
    ("gateway: {port: 0}\n", "1:17 range gateway.port"),
    ("gatway: {}\n", "1:1 unknown-key -"),
    ("gateway: {host: 0.0.0.0}\n", "1:11 exposed-without-token gateway.host"),
    ("agent: {workspace: /etc}\n", "1:9 folder-isolation agent.workspace"),
  ])
  func overlaysOfOtherHostsAreCheckedForValues(overlay: String, summary: String) {
    let files = [
      "kafclaw.yaml": main, "hosts/claw-1.yaml": "{}\n", "hosts/claw-2.yaml": overlay,
    ]
    for host in [nil, "claw-1", "claw-2"] {
      let issues = Documents.load(files: files, host: host).issues
      #expect(issues.map(\.summary) == [summary])
      #expect(issues.map(\.file) == ["hosts/claw-2.yaml"])
    }
  }

  @Test func faultOfTheMainFileIsReportedOnce() {
    let files = [
      "kafclaw.yaml": main + "tols: {}\n", "hosts/claw-1.yaml": "{}\n",
      "hosts/claw-2.yaml": "{}\n",
    ]
    let issues = Documents.load(files: files).issues
    #expect(issues.map(\.summary) == ["6:1 unknown-key -"])
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
}
