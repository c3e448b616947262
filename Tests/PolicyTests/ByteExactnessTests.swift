// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Policy
import Testing

/// Ids that a person or Unicode takes for one another are different senders.
struct ByteExactnessTests {
  private static let lookalikes: [(String, String)] = [
    ("U1", "u1"), ("U1", "U12"), ("U12", "U1"), ("U1", "U1 "), ("U1", " U1"), ("U1", ""),
    ("\u{E9}", "e\u{301}"), ("e\u{301}", "\u{E9}"), ("\u{212B}", "\u{C5}"),
    ("\u{1E9B}\u{323}", "\u{1E9B}\u{323}\u{200B}"),
    ("Ada", "\u{410}da"), ("U1", "\u{FF35}1"), ("a/", "a/\u{301}"), ("K1", "\u{212A}1"),
    ("U1", "U1\0"), ("U*", "U1"), ("@example.com", "ada@example.com"),
    ("U024BE7LH-with-a-long-id-1", "U024BE7LH-with-a-long-id-2"),
  ]

  private static func policy(_ listed: String) -> AccessPolicy {
    AccessPolicy(
      AccessRules(
        owners: [listed], channels: ["team": AccessRules.Channel(dmPolicy: .allowlist)],
        tools: ToolPolicy(
          tiers: [.owner: .highRisk],
          rules: ["r": AccessRules.Rule(senders: [listed], tools: ToolNarrowing(deny: ["exec"]))])))
  }

  @Test("an id is admitted when its bytes are listed, and only then", arguments: lookalikes)
  func comparesBytes(_ listed: String, _ other: String) {
    let policy = Self.policy(listed)
    func admit(_ sender: String) -> AccessDecision {
      policy.admit(AccessPrincipal(channel: "team", client: "c", sender: sender))
    }
    #expect(admit(listed).reason == .owner)
    #expect(admit(other).reason == .unknownSender)
  }

  @Test("two ids that are canonically equivalent have each their own lists")
  func keepsEquivalentIDsApart() {
    let rules = AccessRules(
      owners: ["\u{E9}"], internal: ["e\u{301}"], channels: ["team": AccessRules.Channel()],
      tools: ToolPolicy(
        tiers: [.owner: .highRisk, .internal: .highRisk],
        rules: [
          "r": AccessRules.Rule(
            senders: ["e\u{301}"], tools: ToolNarrowing(deny: ["exec"]))
        ]))
    let policy = AccessPolicy(rules)
    let composed = AccessPrincipal(channel: "team", client: "c", sender: "\u{E9}")
    let decomposed = AccessPrincipal(channel: "team", client: "c", sender: "e\u{301}")
    #expect(policy.admit(composed).tier == .owner)
    #expect(policy.admit(decomposed).tier == .internal)
    #expect(policy.authorise(composed, tool: "exec", taint: []).verdict == .permitted)
    #expect(policy.authorise(decomposed, tool: "exec", taint: []).reason == .toolDenied)
  }

  @Test("a channel is the declared one when its bytes are")
  func comparesChannels() {
    let policy = AccessPolicy(
      AccessRules(owners: ["O"], channels: ["caf\u{E9}": AccessRules.Channel()]))
    func admit(_ channel: String) -> AccessDecision {
      policy.admit(AccessPrincipal(channel: channel, client: "c", sender: "O"))
    }
    #expect(admit("caf\u{E9}").reason == .owner)
    #expect(admit("cafe\u{301}").reason == .unknownChannel)
    #expect(admit("Caf\u{E9}").reason == .unknownChannel)
  }

  @Test(
    "a tool is known when its bytes are",
    arguments: ["EXEC", "exec ", "exec\u{301}", "group:web", ""])
  func comparesTools(_ tool: String) {
    let owner = AccessPrincipal(channel: "web", client: "operator", sender: nil)
    let policy = AccessPolicy(AccessRules(tools: ToolPolicy(tiers: [.owner: .highRisk])))
    #expect(policy.authorise(owner, tool: tool, taint: []).reason == .unknownTool)
    #expect(policy.authorise(owner, tool: "exec", taint: []).verdict == .permitted)
  }

  @Test("a sender who calls itself the operator is a sender", arguments: ["operator", "owner"])
  func sendersAreNotClients(_ name: String) {
    let policy = AccessPolicy(AccessRules(channels: ["team": AccessRules.Channel()]))
    let sender = AccessPrincipal(channel: "team", client: "operator", sender: name)
    #expect(policy.admit(sender).reason == .unknownSender)
    let client = AccessPrincipal(channel: "team", client: "Operator", sender: nil)
    #expect(policy.admit(client).tier == .internal)
  }
}
