// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing

@testable import DesiredState

/// What a patch leaves alone, and what keeps it from being made.
struct DesiredPatchLeftTests {
  private let settings = """
    gateway: {host: 127.0.0.1, port: 9000}
    appliance:
      name: probe
      escalation: [{webhook: {url: "https://alerts.example/x", secret: tomb:s}}]
    version: 1
    agent:
      model: >-
        small
      provider: offline
    tools: {deny: [exec]}

    """

  private func patch(_ changes: [DesiredChange]) throws -> (DesiredPatch, SourceTree) {
    let tree = SourceTree(texts: ["kafclaw.yaml": settings])
    let environment = ["KAFCLAW_GATEWAY_PORT": "9100"]
    let outcome = Documents.load(tree, nil, environment)
    let state = try #require(outcome.state, "\(outcome.issues)")
    let patch = try DesiredPatch(of: tree, state, changes: changes)
    try patch.verify(Documents.load(patch.tree, nil, environment))
    return (patch, tree)
  }

  static let left: [(DesiredChange, String)] = [
    (DesiredChange("gateway.port", 9200), "is set by environment variable KAFCLAW_GATEWAY_PORT"),
    (DesiredChange("tools.deny", ["web_fetch"]), "is a list at kafclaw.yaml:10:9"),
    (DesiredChange("gateway", ["port": 9200]), "is a mapping at kafclaw.yaml:1:1"),
    (DesiredChange("agent.model", "large"), "is a block of text at kafclaw.yaml:7:3"),
    (DesiredChange("gateway.host", ["::1"]), "is a single value at kafclaw.yaml:1:11"),
    (DesiredChange("gateway.host", .null), "is a single value at kafclaw.yaml:1:11"),
    (DesiredChange("gateway.host", "127.0.0.1"), "is so already (kafclaw.yaml:1:11)"),
    (DesiredChange("tools.tiers.external", "read"), "is so already (default)"),
    (DesiredChange("logs.retention", .null), "there is no value"),
    (DesiredChange("appliance.escalation[0].channel.name", "ops"), "reach into a list"),
    (DesiredChange("gateway..port", 9200), "is not the path of a field"),
    (DesiredChange("", 9200), "is not the path of a field"),
    (DesiredChange("tools.deny[", "exec"), "is not the path of a field"),
    (DesiredChange("tools.deny[9223372036854775807]", "exec"), "reach into a list"),
  ]

  @Test(arguments: DesiredPatchLeftTests.left)
  func fieldThatNoCommitCanSetIsLeft(change: DesiredChange, reason: String) throws {
    let (patch, tree) = try patch([change])
    #expect(patch.tree == tree)
    #expect(patch.text == "")
    #expect(patch.changes == [])
    #expect(patch.left.map(\.path) == [change.path])
    #expect(patch.left.map(\.value) == [change.value])
    #expect(patch.left.first?.reason.contains(reason) == true, "\(patch.left)")
  }

  @Test func restIsChangedAllTheSame() throws {
    let changes = [
      DesiredChange("gateway.port", 9200), DesiredChange("gateway.host", "::1"),
      DesiredChange("gateway.host", "localhost"), DesiredChange("monitoring.authFailures", 3),
      DesiredChange("monitoring", ["authFailures": 4]),
    ]
    let (patch, _) = try patch(changes)
    #expect(patch.changes == [changes[1], changes[3]])
    #expect(
      patch.left.map(\.reason).dropFirst() == [
        "another proposal sets it to \"::1\"", "another proposal sets what it is a part of",
      ])
    #expect(
      patch.tree.texts["kafclaw.yaml"]?.hasPrefix("gateway: {host: \"::1\", port: 9000}\n") == true)
  }

  @Test(arguments: [
    DesiredChange("gateway.hots", "::1"), DesiredChange("gateway.host.name", "::1"),
    DesiredChange("gateway.host", "gateway.example"), DesiredChange("gateway.host", 1),
    DesiredChange("tools.exec.restrictWorkspace", "false"), DesiredChange("tools.deny[0]", 1),
    DesiredChange("channels.web.dmPolicy", "open"), DesiredChange("agent.provider", ""),
  ])
  func changeThatIsNoneIsRefused(change: DesiredChange) {
    let error = #expect(throws: ApplianceError.self) { try patch([change]) }
    #expect(error?.code == .patchRefused)
  }

  @Test func patchThatBreaksARuleIsRefused() {
    let error = #expect(throws: ApplianceError.self) {
      try patch([DesiredChange("gateway.host", "0.0.0.0")])
    }
    #expect(error?.code == .patchRefused)
    #expect(error?.message.contains("exposed-without-token") == true)
  }

  /// A variable, an overlay or anything else that keeps the change from taking effect.
  @Test func patchThatDoesNotTakeEffectIsRefused() throws {
    let (patch, tree) = try patch([DesiredChange("gateway.host", "::1")])
    for other in [tree, SourceTree(), SourceTree(texts: ["kafclaw.yaml": Documents.header])] {
      let error = #expect(throws: ApplianceError.self) {
        try patch.verify(Documents.load(other, nil, ["KAFCLAW_GATEWAY_PORT": "9100"]))
      }
      #expect(error?.code == .patchRefused)
    }
  }

  @Test func filesThatAreNotThoseOfTheStateAreLeftAlone() throws {
    let state = try #require(Documents.load(settings).state)
    let texts = ["", "gateway: [", "\n" + settings, settings.replacing("host:", with: "'h':")]
    for text in texts {
      let tree = SourceTree(texts: ["kafclaw.yaml": text])
      let patch = try DesiredPatch(
        of: tree, state, changes: [DesiredChange("gateway.host", "::1")])
      #expect(patch.tree == tree)
      #expect(patch.left.map(\.reason) == ["does not stand at kafclaw.yaml:1:11"])
    }
  }
}
