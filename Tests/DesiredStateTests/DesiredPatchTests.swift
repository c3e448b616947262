// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport
import Testing

@testable import DesiredState

/// What a change of the desired state makes of its files, and that `git apply` makes the same.
struct DesiredPatchTests {
  struct Replacement: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let before: String
    let change: DesiredChange
    let after: String

    init(_ name: String, _ before: String, _ path: String, _ value: JSONValue, _ after: String) {
      (testDescription, self.before, self.after) = (name, before, after)
      change = DesiredChange(path, value)
    }
  }

  static let replacements = [
    Replacement(
      "plain, before a remark", "gateway:\n  port: 9000  # the API\n", "gateway.port", 9001,
      "gateway:\n  port: 9001  # the API\n"),
    Replacement(
      "tab before the remark", "gateway:\n  port:\t9000\t# x\n", "gateway.port", 9001,
      "gateway:\n  port:\t9001\t# x\n"),
    Replacement(
      "braces", "tools: { exec: {restrictWorkspace: false} }  # x\n",
      "tools.exec.restrictWorkspace", true, "tools: { exec: {restrictWorkspace: true} }  # x\n"),
    Replacement(
      "as JSON", "{\"logs\":{\"retention\":\"30d\"},\"version\":1,\"appliance\":{\"name\":\"a\"}}",
      "logs.retention", "60d",
      "{\"logs\":{\"retention\":\"60d\"},\"version\":1,\"appliance\":{\"name\":\"a\"}}"),
    Replacement(
      "double quotes", "agent: {model: \"a # b\"}#x\n", "agent.model", "say \"so\\\"",
      "agent: {model: \"say \\\"so\\\\\\\"\"}#x\n"),
    Replacement(
      "single quotes", "agent:\n  model: 'it''s'\n", "agent.model", "that's",
      "agent:\n  model: 'that''s'\n"),
    Replacement(
      "plain, where quotes are needed now", "agent: {model: small, provider: offline}\n",
      "agent.model", "4.5", "agent: {model: \"4.5\", provider: offline}\n"),
    Replacement(
      "plain words", "appliance:\n  name: edge claw\nversion: 1\n", "appliance.name",
      "other claw (2)", "appliance:\n  name: other claw (2)\nversion: 1\n"),
    Replacement(
      "behind characters of many bytes",
      "agent: {model: \"日本語 zoë\", maxToolIterations: 5}  # 終\n", "agent.maxToolIterations", 6,
      "agent: {model: \"日本語 zoë\", maxToolIterations: 6}  # 終\n"),
    Replacement(
      "item in brackets", "senders: {owners: [alice-1, \"bob-2\"]}\n", "senders.owners[1]",
      "carol-3", "senders: {owners: [alice-1, \"carol-3\"]}\n"),
    Replacement(
      "item of a list", "senders:\n  owners:\n    - alice-1  # x\n    - bob-2\n",
      "senders.owners[0]", "~", "senders:\n  owners:\n    - \"~\"  # x\n    - bob-2\n"),
    Replacement(
      "inside an item",
      "security:\n  suppressions:\n  - check: a.b\n    reason: x\n    owner: y\n    expires: 2027-03-31\n",
      "security.suppressions[0].check", "a.c",
      "security:\n  suppressions:\n  - check: a.c\n    reason: x\n    owner: y\n    expires: 2027-03-31\n"
    ),
    Replacement(
      "on a line of its own", "agent:\n  model:\n    small  # x\n", "agent.model", "large",
      "agent:\n  model:\n    large  # x\n"),
    Replacement(
      "on two lines", "agent:\n  model: a\n    b\n  provider: offline\n", "agent.model", "c",
      "agent:\n  model: c\n  provider: offline\n"),
    Replacement(
      "quoted key", "\"gateway\": {'port': 9000}\n", "gateway.port", 9001,
      "\"gateway\": {'port': 9001}\n"),
    Replacement(
      "key with a mark", "? gateway\n: port: 9000\n", "gateway.port", 9001,
      "? gateway\n: port: 9001\n"),
    Replacement(
      "carriage returns", "gateway:\r\n  port: 9000\r\nlogs: {retention: 30d}\r\n",
      "gateway.port", 9001, "gateway:\r\n  port: 9001\r\nlogs: {retention: 30d}\r\n"),
    Replacement(
      "last line without its end", "logs: {retention: 30d}\ngateway: {port: 9000}",
      "gateway.port", 9001, "logs: {retention: 30d}\ngateway: {port: 9001}"),
    Replacement(
      "line before the last, without its end", "gateway: {port: 9000}\n# end", "gateway.port",
      9001, "gateway: {port: 9001}\n# end"),
  ]

  @Test(arguments: replacements)
  func scalarIsReplacedWhereItStands(replacement: Replacement) throws {
    let header = replacement.before.contains("version") ? "" : Documents.header
    let patched = try patch(
      ["kafclaw.yaml": header + replacement.before], [replacement.change])
    #expect(patched.left == [])
    #expect(patched.tree.texts == ["kafclaw.yaml": header + replacement.after])
  }

  struct Addition: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let changes: [DesiredChange]
    let fragment: String

    init(_ name: String, _ changes: [(String, JSONValue)], _ fragment: String) {
      (testDescription, self.fragment) = (name, fragment)
      self.changes = changes.map { DesiredChange($0, $1) }
    }
  }

  static let additions = [
    Addition(
      "below what is there", [("gateway.auth.rotateAfter", "60d")],
      "gateway:\n  auth:\n    rotateAfter: 60d\n"),
    Addition(
      "at the root", [("guardrails", ["baseline", "strict"])], "guardrails: [baseline, strict]\n"),
    Addition("empty list", [("tools.allow", [])], "tools:\n  allow: []\n"),
    Addition(
      "several",
      [("tools.tiers.external", "write"), ("logs.retention", "30d"), ("gateway.port", 9000)],
      "gateway:\n  port: 9000\nlogs:\n  retention: 30d\ntools:\n  tiers:\n    external: write\n"),
    Addition(
      "name that is another word", [("channels.null.dmPolicy", "disabled")],
      "channels:\n  \"null\":\n    dmPolicy: disabled\n"),
    Addition(
      "section", [("monitoring", ["authFailures": 3, "unknownSenders": 5])],
      "monitoring:\n  authFailures: 3\n  unknownSenders: 5\n"),
    Addition(
      "list of sections",
      [
        ("appliance.escalation", [["webhook": ["url": "https://a.example/x", "secret": "tomb:a"]]])
      ],
      "appliance:\n  escalation: [{webhook: {secret: tomb:a, url: https://a.example/x}}]\n"),
    Addition(
      "text that needs quotes", [("agent.model", "a: b")], "agent:\n  model: \"a: b\"\n"),
  ]

  private let main =
    Documents.header + "gateway: {host: 127.0.0.1}\nchannels: {\"null\": {type: web}}\n"

  @Test(arguments: additions)
  func absentFieldComesIntoAFragment(addition: Addition) throws {
    let patched = try patch(["kafclaw.yaml": main], addition.changes)
    #expect(patched.left == [])
    #expect(
      patched.tree.texts == [
        "kafclaw.yaml": main, "kafclaw.d/90-proposed.yaml": addition.fragment,
      ])
  }

  @Test func fragmentTakesANameThatIsFree() throws {
    let files = [
      "kafclaw.yaml": main, "kafclaw.d/90-Proposed.yaml": "logs: {retention: 30d}\n",
      "kafclaw.d/91-proposed.yaml": "agent: {model: small}\n",
    ]
    let patched = try patch(
      files, [DesiredChange("tools.deny", ["exec"]), DesiredChange("agent.model", "large")])
    #expect(patched.tree.texts["kafclaw.d/92-proposed.yaml"] == "tools:\n  deny: [exec]\n")
    #expect(patched.tree.texts["kafclaw.d/91-proposed.yaml"] == "agent: {model: large}\n")
    #expect(patched.tree.files.count == 4)
  }

  @Test func valueIsReplacedInTheFileThatSetsIt() throws {
    let files = [
      "kafclaw.yaml": main, "kafclaw.d/10.yaml": "logs: {retention: 30d}\n",
      "hosts/claw-1.yaml": "gateway: {host: 127.0.0.2}\n", "hosts/claw-2.yaml": "{}\n",
    ]
    let changes = [DesiredChange("gateway.host", "::1"), DesiredChange("logs.retention", "60d")]
    let patched = try patch(files, changes, host: "claw-1")
    var expected = files
    expected["hosts/claw-1.yaml"] = "gateway: {host: \"::1\"}\n"
    expected["kafclaw.d/10.yaml"] = "logs: {retention: 60d}\n"
    #expect(patched.tree.texts == expected)
  }

  @Test func changesFarApartAreHunksOfTheirOwn() throws {
    let changes = [
      DesiredChange("gateway.port", 9000), DesiredChange("gateway.dashboardPort", 9001),
      DesiredChange("channels.team-slack.dmPolicy", "allowlist"),
      DesiredChange("security.suppressions[0].owner", "Others"),
      DesiredChange("channels.web.dmPolicy", "disabled"),
    ]
    let patched = try patch(["kafclaw.yaml": Documents.rich], changes)
    #expect(patched.left == [])
    #expect(patched.changes == changes)
    let hunks = patched.text.split(separator: "\n").filter { $0.hasPrefix("@@") }
    #expect(hunks.count == 4)
    #expect(hunks.prefix(2) == ["@@ -0,0 +1,3 @@", "@@ -6,8 +6,8 @@"])
  }

  @Test(arguments: ["", "edge", "./edge//", "ed ge/é \"x"])
  func pathsAreThoseOfTheRepository(folder: String) throws {
    let tree = SourceTree(texts: ["kafclaw.yaml": main])
    let state = try #require(Documents.load(tree, nil, [:]).state)
    let changes = [DesiredChange("gateway.host", "::1"), DesiredChange("agent.model", "small")]
    let patch = try DesiredPatch(of: tree, state, changes: changes, folder: folder)
    let parts = folder.split(separator: "/").filter { $0 != "." }
    let prefix = parts.map { "\($0)/" }.joined()
    func placed(_ tree: SourceTree) -> [String: SourceTree.File] {
      Dictionary(uniqueKeysWithValues: tree.files.map { (prefix + $0, $1) })
    }
    let applied = try PatchBench().apply(patch.text, to: placed(tree))
    #expect(applied == placed(patch.tree).mapValues(\.bytes))
  }

  /// Makes the patch; holds it against the loader and against `git apply`.
  private func patch(
    _ texts: [String: String], _ changes: [DesiredChange], host: String? = nil
  ) throws -> DesiredPatch {
    let tree = SourceTree(texts: texts)
    let outcome = Documents.load(tree, host, [:])
    let state = try #require(outcome.state, "\(outcome.issues)")
    let patch = try DesiredPatch(of: tree, state, changes: changes)
    try patch.verify(Documents.load(patch.tree, host, [:]))
    let applied = try PatchBench().apply(patch.text, to: tree.files)
    #expect(applied == patch.tree.files.mapValues(\.bytes))
    return patch
  }
}
