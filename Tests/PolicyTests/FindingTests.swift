// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Policy
import TestSupport
import Testing

/// What the lint says, and where.
struct FindingTests {
  private func found(_ rules: AccessRules, listLimit: Int = 1_000) -> [String] {
    AccessFindings.of(rules, listLimit: listLimit).map { "\($0.kind.rawValue) \($0.rule)" }
  }

  @Test("rules that say what they do have no findings")
  func isSilent() {
    let rules = AccessRules(
      owners: ["U1"], internal: ["@ada:example.com"], denied: ["U3"],
      channels: ["team": AccessRules.Channel(allow: ["U4", "ada@example.com"], deny: ["U5"])],
      tools: ToolPolicy(
        narrowing: ToolNarrowing(deny: ["exec"]), groups: ["editing": ["edit_file"]],
        tiers: [.owner: .highRisk],
        rules: [
          "r": AccessRules.Rule(
            channels: ["team", "web"], senders: ["U4"],
            tools: ToolNarrowing(deny: ["group:editing"], allow: ["group:files"]))
        ], approvals: ["web_fetch"]))
    #expect(found(rules).isEmpty)
  }

  @Test("a sender in a list that another list beats is dead, and a repeat is a duplicate")
  func findsSenders() {
    let rules = AccessRules(
      owners: ["U1", "U1", "BAD"], internal: ["U1", "U2"], denied: ["BAD"],
      channels: [
        "team": AccessRules.Channel(
          allow: ["U0", "U1", "U2", "BAD", "HERE"], deny: ["HERE", "BAD"])
      ])
    #expect(
      found(rules) == [
        "duplicate senders.owners[1]", "dead senders.owners[2]", "dead senders.internal[0]",
        "dead channels.team.allow[1]", "dead channels.team.allow[2]",
        "dead channels.team.allow[3]", "dead channels.team.allow[4]",
        "dead channels.team.deny[1]",
      ])
  }

  @Test(
    "entries that look like more than one id",
    arguments: [
      ("U*1", "wildcard"), ("U?", "wildcard"), ("*", "wildcard"), ("U1*", "prefix"),
      ("user:ada", "prefix"), ("name:Ada", "prefix"), ("@example.com", "whole-domain"),
      ("*@example.com", "whole-domain"),
    ])
  func findsForms(_ entry: String, _ kind: String) {
    #expect(found(AccessRules(owners: [entry])) == ["\(kind) senders.owners[0]"])
    let channel = AccessRules.Channel(allow: ["U1", entry])
    #expect(found(AccessRules(channels: ["c": channel])) == ["\(kind) channels.c.allow[1]"])
  }

  @Test("a list above the limit is too long")
  func findsLongLists() {
    let rules = AccessRules(owners: ["U1", "U2", "U3"])
    #expect(found(rules, listLimit: 3).isEmpty)
    #expect(found(rules, listLimit: 2) == ["too-long senders.owners"])
  }

  @Test("an allow list that no policy reads is dead")
  func findsUnreadLists() {
    func channel(_ direct: AdmissionPolicy, _ room: AdmissionPolicy) -> AccessRules {
      AccessRules(
        channels: [
          "c": AccessRules.Channel(dmPolicy: direct, groupPolicy: room, allow: ["U1"])
        ])
    }
    #expect(found(channel(.disabled, .disabled)) == ["dead channels.c.allow"])
    #expect(found(channel(.open, .disabled)) == ["dead channels.c.allow"])
    #expect(found(channel(.open, .allowlist)).isEmpty)
    var lifted = channel(.open, .open)
    lifted.tools.tiers[.external] = .read
    #expect(found(lifted).isEmpty)
  }

  @Test("tools that are denied anyway, and rules that change nothing")
  func findsTools() {
    let rules = AccessRules(
      channels: ["team": AccessRules.Channel(tools: ToolNarrowing(deny: ["exec", "web_fetch"]))],
      tools: ToolPolicy(
        narrowing: ToolNarrowing(
          deny: ["exec", "exec"],
          allow: ["exec", "group:files", "shell", "group:nobody", "web_fetch"]),
        groups: ["read": ["exec"]],
        rules: [
          "empty": AccessRules.Rule(senders: ["U1"]),
          "covered": AccessRules.Rule(tools: ToolNarrowing(deny: ["exec"])),
          "half": AccessRules.Rule(
            channels: ["team", "gone"], tools: ToolNarrowing(deny: ["exec", "write_file"])),
          "nobody": AccessRules.Rule(
            channels: ["gone"], tools: ToolNarrowing(profile: ToolProfile.none)),
        ]))
    #expect(
      found(rules) == [
        "duplicate tools.deny[1]", "dead tools.allow[0]", "dead tools.allow[2]",
        "dead tools.allow[3]", "shadowed channels.team.tools.deny[0]", "dead tools.groups.read",
        "shadowed tools.rules.covered", "shadowed tools.rules.empty",
        "dead tools.rules.half.channels[1]", "shadowed tools.rules.half.deny[0]",
        "dead tools.rules.nobody",
      ])
  }

  @Test("a rule that is shadowed or dead changes no decision when it is removed")
  func shadowedRulesChangeNothing() {
    var access = RandomAccess(random: SplitMix64(seed: SplitMix64.seed(of: "findings")))
    var removed = 0
    for _ in 0..<2_000 {
      let rules = access.rules()
      var without = rules
      for finding in AccessFindings.of(rules) where finding.rule.hasPrefix("tools.rules.") {
        let name = String(finding.rule.dropFirst("tools.rules.".count))
        if without.tools.rules.removeValue(forKey: name) != nil { removed += 1 }
      }
      let (old, new) = (AccessPolicy(rules), AccessPolicy(without))
      for _ in 0..<20 {
        let (principal, tool, taint) = (access.principal(), access.tool(), access.taint())
        #expect(
          old.authorise(principal, tool: tool, taint: taint).verdict
            == new.authorise(principal, tool: tool, taint: taint).verdict, "\(rules)")
      }
    }
    #expect(removed > 100)
  }
}
