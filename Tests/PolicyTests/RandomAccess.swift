// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport

/// Rules and questions over few names, so that lists meet often.
struct RandomAccess {
  var random: SplitMix64

  /// Ids that differ in case, in a suffix, in normal form or in what they look like.
  static let senders = [
    "U1", "U12", "u1", "U", "U1 ", "\u{E9}", "e\u{301}", "Ada", "\u{410}da", "U1/\u{E9}", "", "*",
  ]
  static let channels = ["team", "lobby", "web", "Team", "caf\u{E9}", "cafe\u{301}"]
  static let entries =
    ToolName.known.sorted() + ToolName.groups.keys.sorted().map { "group:\($0)" } + [
      "group:mine", "group:read", "group:nobody", "group:nested", "shell", "Exec",
    ]

  /// Seldom what denies everybody, since most questions should reach the tools.
  private static let policies: [AdmissionPolicy] = [
    .open, .open, .allowlist, .allowlist, .disabled,
  ]

  mutating func flip(_ one: Int, in many: Int) -> Bool {
    Int.random(in: 0..<many, using: &random) < one
  }

  mutating func some<T>(of all: [T], atMost: Int = 3) -> [T] {
    (0..<Int.random(in: 0...atMost, using: &random)).compactMap { _ in
      all.randomElement(using: &random)
    }
  }

  mutating func one<T>(of all: [T]) -> T { all[Int.random(in: 0..<all.count, using: &random)] }

  mutating func narrowing() -> ToolNarrowing {
    ToolNarrowing(
      deny: flip(1, in: 4) ? some(of: Self.entries, atMost: 2) : [],
      allow: flip(1, in: 8) ? some(of: Self.entries, atMost: 6) : nil,
      profile: flip(1, in: 12) ? one(of: ToolProfile.allCases) : nil,
      ceiling: flip(1, in: 8) ? one(of: ToolTier.allCases) : nil)
  }

  mutating func channel() -> AccessRules.Channel {
    AccessRules.Channel(
      dmPolicy: one(of: Self.policies), groupPolicy: one(of: Self.policies),
      requireMention: flip(1, in: 2), allow: some(of: Self.senders),
      deny: some(of: Self.senders, atMost: 1),
      tools: narrowing())
  }

  mutating func rule() -> AccessRules.Rule {
    AccessRules.Rule(
      channels: flip(1, in: 2) ? some(of: Self.channels) : [],
      senders: flip(1, in: 2) ? some(of: Self.senders, atMost: 4) : [],
      tiers: flip(1, in: 3) ? some(of: SenderTier.allCases) : [], tools: narrowing())
  }

  mutating func rules() -> AccessRules {
    var rules = AccessRules(
      owners: some(of: Self.senders), internal: some(of: Self.senders),
      denied: some(of: Self.senders, atMost: 1))
    for name in ["team"] + some(of: Self.channels, atMost: 3) { rules.channels[name] = channel() }
    rules.tools = ToolPolicy(
      narrowing: flip(1, in: 2) ? narrowing() : ToolNarrowing(),
      groups: [
        "mine": some(of: ToolName.known.sorted()), "read": ["exec"], "nested": ["group:all"],
      ],
      approvals: some(of: Self.entries, atMost: 2), approvalExempt: some(of: SenderTier.allCases))
    for tier in SenderTier.allCases where flip(4, in: 5) {
      rules.tools.tiers[tier] = one(of: [.highRisk, .highRisk, .highRisk] + ToolTier.allCases)
    }
    for source in TaintSource.allCases where flip(1, in: 2) {
      rules.tools.taint[source] = one(of: ToolTier.allCases)
    }
    for name in some(of: ["r1", "r2", "r10", "\u{E9}", "e\u{301}z", "R"], atMost: 5) {
      rules.tools.rules[name] = rule()
    }
    return rules
  }

  mutating func principal() -> AccessPrincipal {
    AccessPrincipal(
      channel: flip(1, in: 2) ? "team" : one(of: Self.channels + ["nowhere"]),
      client: one(of: ["operator", "token:gateway", ""]),
      sender: flip(1, in: 8) ? nil : one(of: Self.senders + ["stranger"]),
      conversation: one(of: [.direct, .room(isMention: true), .room(isMention: false)]))
  }

  mutating func tool() -> String { one(of: ToolName.known.sorted() + ["shell", "group:all", ""]) }

  mutating func taint() -> Set<TaintSource> {
    flip(1, in: 2) ? [] : Set(some(of: TaintSource.allCases))
  }
}
