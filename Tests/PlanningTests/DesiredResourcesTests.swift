// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import SodiumCrypto
import Testing

@testable import Planning

/// Which resources a desired state asks for, and which of them a change of one field touches.
struct DesiredResourcesTests {
  private static let paths = AppliancePaths.user(home: "/home/claw")
  private static let header = "version: 1\nappliance: {name: probe}\n"

  private func resources(
    _ text: String = "", files: [String: SourceTree.File] = [:]
  ) throws -> [ResourceAddress: ResourceFields] {
    var tree = SourceTree(files: files)
    tree.files["kafclaw.yaml"] = SourceTree.File(bytes: Array((Self.header + text).utf8))
    let outcome = DesiredStateLoader(host: nil, overrides: .none).load(tree)
    guard case .valid(let state) = outcome else {
      Issue.record("not valid: \(outcome)")
      return [:]
    }
    let all = DesiredResources(state, paths: Self.paths).all
    #expect(Set(all.map(\.address)).count == all.count, "an address stands for two resources")
    return Dictionary(all.map { ($0.address, $0.fields) }, uniquingKeysWith: { first, _ in first })
  }

  @Test func smallestApplianceHasItsParts() throws {
    let addresses = try resources().keys.sorted().map(\.text)
    #expect(
      addresses == [
        "modes/./", "modes/reconciler/", "modes/run/", "modes/timeline.db", "senders/tiers:",
        "tools/policy", "configuration/config.json", "component/agent", "component/gateway",
      ])
  }

  /// A change and the addresses it touches; `config.json` shows all but workspace files.
  static let changes: [(String, [String])] = [
    ("gateway: {host: \"::1\"}", ["component/gateway"]),
    ("gateway: {port: 9000}", ["component/gateway"]),
    ("gateway: {dashboardPort: 9001}", ["component/gateway"]),
    ("gateway: {auth: {token: env:TOKEN}}", ["component/gateway", "secret/env:TOKEN"]),
    ("channels: {web: {type: web, allow: [alice]}}", ["senders/web"]),
    ("senders: {owners: [olga]}", ["senders/tiers:"]),
    ("senders: {internal: [ida]}", ["senders/tiers:"]),
    ("agent: {maxToolIterations: 3}", ["component/agent"]),
    ("agent: {workspace: ~/desk}", ["component/agent"]),
    ("agent: {workRepo: /srv/work}", ["component/agent"]),
    ("tools: {deny: [exec]}", ["tools/policy"]),
    ("tools: {allow: [read_file]}", ["tools/policy"]),
    ("tools: {tiers: {external: write}}", ["tools/policy"]),
    ("tools: {web: {hosts: [docs.example.org]}}", ["component/agent"]),
    ("tools: {exec: {profiles: {git: {binary: /usr/bin/git}}}}", ["component/agent"]),
    ("providers: {main: {type: openai, apiKey: tomb:main}}", []),
    (
      "providers: {main: {type: openai, apiKey: tomb:main}}\nagent: {provider: main}",
      ["component/agent", "secret/tomb:main"]
    ),
    ("reconcile: {interval: 5m}", []),
    ("guardrails: [baseline, strict]", []),
    (
      "security: {suppressions: [{check: a.b, reason: r, owner: o, expires: 2027-03-31}]}", []
    ),
  ]

  @Test(arguments: DesiredResourcesTests.changes)
  func changeTouchesOnlyWhatReadsIt(text: String, touched: [String]) throws {
    let (before, after) = (try resources(), try resources(text + "\n"))
    let differing = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
    let expected = (touched + ["configuration/config.json"]).sorted()
    #expect(differing.map(\.text).sorted() == expected)
  }

  @Test func nameOfTheApplianceReachesTheAgent() throws {
    let before = try resources()
    let fields = try #require(before[ResourceAddress(.component, "agent")])
    #expect(fields["name"] == "probe")
  }

  @Test func channelCarriesItsPolicyAndSortedSenders() throws {
    let text = "channels: {web: {type: web, dmPolicy: open, allow: [zoe, alice, bob]}}\n"
    let fields = try #require(try resources(text)[ResourceAddress(.senders, "web")])
    #expect(
      fields == [
        "policy": "open", "groupPolicy": "allowlist", "requireMention": true,
        "sessionScope": "user", "allow": ["alice", "bob", "zoe"], "deny": [],
      ])
  }

  @Test(arguments: [
    ("[bob, alice]", "[alice, bob]", "channels: {web: {type: web, allow: LIST}}\n"),
    ("[bob, alice]", "[alice, bob]", "senders: {owners: LIST}\n"),
    ("[exec, write_file]", "[write_file, exec]", "tools: {deny: LIST}\n"),
    ("[exec, write_file]", "[write_file, exec]", "tools: {allow: LIST}\n"),
  ])
  func orderOfAListDoesNotMatter(one: String, other: String, text: String) throws {
    let kinds: Set<ResourceKind> = [.senders, .tools, .component]
    let lists = try [one, other].map { list in
      try resources(text.replacing("LIST", with: list)).filter { kinds.contains($0.key.kind) }
    }
    #expect(lists.first == lists.last)
  }

  @Test func everyWorkspaceFileIsAResource() throws {
    let bytes = Array("Be brief.\n".utf8)
    let files = [
      "workspace/AGENTS.md": SourceTree.File(bytes: bytes),
      "workspace/bin/run": SourceTree.File(bytes: [], isExecutable: true),
      "README.md": SourceTree.File(bytes: bytes),
    ]
    let found = try resources(files: files).filter { $0.key.kind == .workspace }
    #expect(
      found == [
        ResourceAddress(.workspace, "AGENTS.md"): [
          "digest": .string(SHA256.digest(bytes).rawValue), "mode": "0600",
        ],
        ResourceAddress(.workspace, "bin/run"): [
          "digest": .string(SHA256.digest([UInt8]()).rawValue), "mode": "0700",
        ],
      ])
  }

  @Test func workspaceFileTouchesNothingElse() throws {
    let file = SourceTree.File(bytes: [0x61])
    let (before, after) = (try resources(), try resources(files: ["workspace/a.md": file]))
    let differing = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
    #expect(differing.map(\.text) == ["workspace/a.md"])
  }

  @Test func secretIsNamedButNeverThere() throws {
    let found = try resources("gateway: {auth: {token: env:TOKEN}}\n")
    #expect(found[ResourceAddress(.secret, "env:TOKEN")] == ["present": true])
    #expect(found[ResourceAddress(.component, "gateway")]?["token"] == "env:TOKEN")
  }

  @Test func filesAndFoldersOfTheApplianceArePrivate() throws {
    let modes = try resources().filter { $0.key.kind == .modes }
    for (address, fields) in modes {
      #expect(fields == ["mode": address.name.hasSuffix("/") ? "0700" : "0600"])
    }
  }
}
