// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Policy
import Testing

/// Every reason a decision can have, with the field and the entry that it names.
struct DecisionTableTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let principal: AccessPrincipal
    var tool: String?
    var taint: Set<TaintSource> = []
    let expected: AccessDecision
  }

  static let rules: AccessRules = {
    var rules = AccessRules(
      owners: ["OWNER", "BANNED", "BANNED-HERE"], internal: ["STAFF", "NIGHT"],
      denied: ["BANNED"],
      channels: [
        "team": AccessRules.Channel(
          allow: ["GUEST"], deny: ["BANNED-HERE"],
          tools: ToolNarrowing(deny: ["group:web"], ceiling: .write)),
        "lobby": AccessRules.Channel(
          dmPolicy: .open, groupPolicy: .disabled, tools: ToolNarrowing(profile: .reading)),
        "ops": AccessRules.Channel(requireMention: false),
      ])
    rules.tools = ToolPolicy(
      narrowing: ToolNarrowing(deny: ["search_files"]), groups: ["editing": ["edit_file"]],
      tiers: [.owner: .highRisk, .internal: .highRisk, .external: .read],
      rules: [
        "b-night": AccessRules.Rule(
          senders: ["NIGHT"], tools: ToolNarrowing(deny: ["group:editing"], allow: ["group:files"])
        ),
        "a-ops": AccessRules.Rule(
          channels: ["ops"], tiers: [.internal], tools: ToolNarrowing(ceiling: .write)),
      ],
      taint: [.files: .highRisk, .web: .read], approvals: ["group:high-risk"],
      approvalExempt: [.internal])
    return rules
  }()

  static func from(
    _ sender: String?, _ channel: String = "team", client: String = "token:gateway",
    in conversation: AccessPrincipal.Conversation = .direct
  ) -> AccessPrincipal {
    AccessPrincipal(
      channel: channel, client: client, sender: sender, conversation: conversation)
  }

  static func denied(
    _ reason: AccessDecision.Reason, _ rule: String, _ entry: String? = nil,
    _ tier: SenderTier? = nil
  ) -> AccessDecision { AccessDecision(.denied, reason, rule: rule, entry: entry, tier: tier) }

  static func permitted(
    _ reason: AccessDecision.Reason, _ rule: String, _ entry: String? = nil, _ tier: SenderTier
  ) -> AccessDecision { AccessDecision(.permitted, reason, rule: rule, entry: entry, tier: tier) }

  static let admissions: [Case] = [
    Case(
      testDescription: "the operator on an undeclared web",
      principal: from(nil, "web", client: AccessPrincipal.operatorClient),
      expected: permitted(.client, "builtin.operator", nil, .owner)),
    Case(
      testDescription: "another client", principal: from(nil),
      expected: permitted(.client, "builtin.client", nil, .internal)),
    Case(
      testDescription: "a client on an undeclared channel", principal: from(nil, "nowhere"),
      expected: denied(.unknownChannel, "builtin.unknown-channel")),
    Case(
      testDescription: "an owner on an undeclared web", principal: from("OWNER", "web"),
      expected: denied(.unknownChannel, "builtin.unknown-channel")),
    Case(
      testDescription: "an owner who is denied", principal: from("BANNED"),
      expected: denied(.senderDenied, "senders.deny", "BANNED")),
    Case(
      testDescription: "an owner who is denied on the channel", principal: from("BANNED-HERE"),
      expected: denied(.senderDenied, "channels.team.deny", "BANNED-HERE")),
    Case(
      testDescription: "an owner denied on another channel", principal: from("BANNED-HERE", "ops"),
      expected: permitted(.owner, "senders.owners", "BANNED-HERE", .owner)),
    Case(
      testDescription: "an owner in disabled rooms",
      principal: from("OWNER", "lobby", in: .room(isMention: true)),
      expected: denied(.channelDisabled, "channels.lobby.groupPolicy")),
    Case(
      testDescription: "an owner who does not name the bot",
      principal: from("OWNER", in: .room(isMention: false)),
      expected: denied(.mentionRequired, "channels.team.requireMention")),
    Case(
      testDescription: "an owner where no mention is required",
      principal: from("OWNER", "ops", in: .room(isMention: false)),
      expected: permitted(.owner, "senders.owners", "OWNER", .owner)),
    Case(
      testDescription: "an internal sender", principal: from("STAFF"),
      expected: permitted(.internal, "senders.internal", "STAFF", .internal)),
    Case(
      testDescription: "a listed sender", principal: from("GUEST"),
      expected: permitted(.listed, "channels.team.allow", "GUEST", .external)),
    Case(
      testDescription: "a sender listed elsewhere", principal: from("GUEST", "ops"),
      expected: denied(.unknownSender, "channels.ops.dmPolicy")),
    Case(
      testDescription: "anybody on an open channel", principal: from("ANYBODY", "lobby"),
      expected: permitted(.open, "channels.lobby.dmPolicy", nil, .unknown)),
    Case(
      testDescription: "anybody in a room", principal: from("ANY", in: .room(isMention: true)),
      expected: denied(.unknownSender, "channels.team.groupPolicy")),
  ]

  static let tools: [Case] = [
    Case(
      testDescription: "a tool for somebody who is not admitted", principal: from("ANYBODY"),
      tool: "read_file", expected: denied(.unknownSender, "channels.team.dmPolicy")),
    Case(
      testDescription: "no tool of the product", principal: from("OWNER"), tool: "shell",
      expected: denied(.unknownTool, "builtin.unknown-tool", nil, .owner)),
    Case(
      testDescription: "denied to all", principal: from("OWNER"), tool: "search_files",
      expected: denied(.toolDenied, "tools.deny", "search_files", .owner)),
    Case(
      testDescription: "denied on the channel", principal: from("OWNER"), tool: "web_fetch",
      expected: denied(.toolDenied, "channels.team.tools.deny", "group:web", .owner)),
    Case(
      testDescription: "denied by a rule", principal: from("NIGHT"), tool: "edit_file",
      expected: denied(
        .toolDenied, "tools.rules.b-night.deny", "group:editing", .internal)),
    Case(
      testDescription: "outside the profile", principal: from("OWNER", "lobby"),
      tool: "write_file",
      expected: denied(.notInProfile, "channels.lobby.tools.profile", nil, .owner)),
    Case(
      testDescription: "not in the rule's list", principal: from("NIGHT"), tool: "exec",
      expected: denied(.notAllowed, "tools.rules.b-night.allow", nil, .internal)),
    Case(
      testDescription: "above the tier", principal: from("GUEST"), tool: "write_file",
      expected: denied(.aboveTier, "tools.tiers.external", nil, .external)),
    Case(
      testDescription: "a tier that is not declared", principal: from("ANYBODY", "lobby"),
      tool: "read_file", expected: denied(.aboveTier, "tools.tiers.unknown", nil, .unknown)),
    Case(
      testDescription: "above the channel's ceiling", principal: from("OWNER"), tool: "exec",
      expected: denied(.aboveCeiling, "channels.team.tools.ceiling", nil, .owner)),
    Case(
      testDescription: "above the rule's ceiling", principal: from("STAFF", "ops"), tool: "exec",
      expected: denied(.aboveCeiling, "tools.rules.a-ops.ceiling", nil, .internal)),
    Case(
      testDescription: "beyond what a taint leaves", principal: from("OWNER", "ops"),
      tool: "write_file", taint: [.files, .web],
      expected: AccessDecision(.needsApproval, .tainted, rule: "tools.taint.web", tier: .owner)),
    Case(
      testDescription: "a taint without a ceiling", principal: from("OWNER", "ops"),
      tool: "read_file", taint: [.bots],
      expected: AccessDecision(.needsApproval, .tainted, rule: "tools.taint.bots", tier: .owner)),
    Case(
      testDescription: "with an approval only", principal: from("OWNER", "ops"), tool: "exec",
      taint: [.files],
      expected: AccessDecision(
        .needsApproval, .approvalRequired, rule: "tools.approvals.require",
        entry: "group:high-risk", tier: .owner)),
    Case(
      testDescription: "exempt from approvals", principal: from(nil, "web"), tool: "exec",
      expected: permitted(.withinTier, "tools.tiers.internal", nil, .internal)),
    Case(
      testDescription: "exempt, but tainted", principal: from(nil, "web"), tool: "exec",
      taint: [.web],
      expected: AccessDecision(
        .needsApproval, .tainted, rule: "tools.taint.web", tier: .internal)),
    Case(
      testDescription: "a tool within the tier", principal: from("GUEST"), tool: "read_file",
      taint: [.web], expected: permitted(.withinTier, "tools.tiers.external", nil, .external)),
  ]

  @Test("every question has the decision of the table", arguments: admissions + tools)
  func decides(_ given: Case) {
    let policy = AccessPolicy(Self.rules)
    let decision =
      given.tool.map { policy.authorise(given.principal, tool: $0, taint: given.taint) }
      ?? policy.admit(given.principal)
    #expect(decision == given.expected)
  }

  @Test("the table reaches every reason")
  func reachesEveryReason() {
    let reached = Set((Self.admissions + Self.tools).map(\.expected.reason))
    #expect(
      reached == Set(AccessDecision.Reason.allCases).subtracting([.contained, .paired, .skill]))
  }

  @Test("granted tools are those that are permitted or need an approval, sorted")
  func grantsSorted() {
    let policy = AccessPolicy(Self.rules)
    #expect(
      policy.grantedTools(Self.from("OWNER", "ops"), taint: [])
        == [
          "edit_file", "exec", "list_dir", "read_file", "read_skill", "run_skill", "web_fetch",
          "write_file",
        ])
    #expect(
      policy.grantedTools(Self.from("GUEST"), taint: []) == ["list_dir", "read_file", "read_skill"])
    #expect(policy.grantedTools(Self.from("BANNED"), taint: []).isEmpty)
  }
}
