// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Policy
import TestSupport
import Testing

/// Whatever is added to the rules that denies or narrows, nobody can do more than before.
struct NarrowingTests {
  private typealias Change = @Sendable (inout AccessRules, inout RandomAccess) -> Void

  private static let changes: [Change] = [
    { rules, access in rules.denied.append(access.one(of: RandomAccess.senders)) },
    { rules, access in
      change(&rules, &access) { $0.deny.append($1.one(of: RandomAccess.senders)) }
    },
    { rules, access in change(&rules, &access) { channel, _ in channel.dmPolicy = .disabled } },
    { rules, access in change(&rules, &access) { channel, _ in channel.groupPolicy = .disabled } },
    { rules, access in change(&rules, &access) { channel, _ in channel.requireMention = true } },
    { rules, access in change(&rules, &access) { narrow(&$0.tools, &$1) } },
    { rules, access in narrow(&rules.tools.narrowing, &access) },
    { rules, access in rules.tools.rules["new-\(rules.tools.rules.count)"] = access.rule() },
    { rules, access in
      guard let name = rules.tools.rules.keys.sorted().randomElement(using: &access.random),
        var rule = rules.tools.rules[name]
      else { return }
      narrow(&rule.tools, &access)
      rules.tools.rules[name] = rule
    },
    { rules, access in rules.tools.tiers[access.one(of: SenderTier.allCases)] = nil },
    { rules, access in rules.tools.taint[access.one(of: TaintSource.allCases)] = nil },
    { rules, access in rules.tools.approvals.append(access.one(of: RandomAccess.entries)) },
    { rules, access in rules.tools.approvalExempt = rules.tools.approvalExempt.dropLast() },
  ]

  private static func change(
    _ rules: inout AccessRules, _ access: inout RandomAccess,
    _ body: (inout AccessRules.Channel, inout RandomAccess) -> Void
  ) {
    guard let name = rules.channels.keys.sorted().randomElement(using: &access.random),
      var channel = rules.channels[name]
    else { return }
    body(&channel, &access)
    rules.channels[name] = channel
  }

  private static func narrow(_ narrowing: inout ToolNarrowing, _ access: inout RandomAccess) {
    switch Int.random(in: 0..<4, using: &access.random) {
    case 0: narrowing.deny.append(access.one(of: RandomAccess.entries))
    case 1:
      narrowing.allow =
        narrowing.allow.map { Array($0.dropLast()) }
        ?? access.some(
          of: RandomAccess.entries)
    case 2:
      narrowing.profile =
        narrowing.profile == nil ? access.one(of: ToolProfile.allCases) : ToolProfile.none
    default:
      narrowing.ceiling = min(narrowing.ceiling ?? .highRisk, access.one(of: ToolTier.allCases))
    }
  }

  @Test("adding a denial, a rule or a narrowing never widens, in 10,000 random cases")
  func neverWidens() {
    var access = RandomAccess(random: SplitMix64(seed: SplitMix64.seed(of: "narrowing")))
    var narrower = 0
    for _ in 0..<10_000 {
      let before = access.rules()
      var after = before
      access.one(of: Self.changes)(&after, &access)
      let (old, new) = (AccessPolicy(before), AccessPolicy(after))
      for _ in 0..<2 {
        let (principal, taint) = (access.principal(), access.taint())
        for tool in ToolName.known {
          let was = old.authorise(principal, tool: tool, taint: taint)
          let now = new.authorise(principal, tool: tool, taint: taint)
          guard now.verdict.freedom <= was.verdict.freedom else {
            Issue.record("\(principal) \(tool): \(was), then \(now): \(before)")
            return
          }
          if now.verdict.freedom < was.verdict.freedom { narrower += 1 }
        }
        if new.admit(principal).verdict == .permitted {
          #expect(old.admit(principal).verdict == .permitted)
        }
      }
    }
    #expect(narrower > 2_000)
  }

  @Test("more taint never widens, and granted tools are those that are not denied")
  func taintNeverWidens() {
    var access = RandomAccess(random: SplitMix64(seed: SplitMix64.seed(of: "taint")))
    for _ in 0..<2_000 {
      let policy = AccessPolicy(access.rules())
      let (principal, taint) = (access.principal(), access.taint())
      let more = taint.union(access.taint())
      for tool in ToolName.known {
        let was = policy.authorise(principal, tool: tool, taint: taint)
        let now = policy.authorise(principal, tool: tool, taint: more)
        #expect(now.verdict.freedom <= was.verdict.freedom)
      }
      let granted = ToolName.known.sorted().filter {
        policy.authorise(principal, tool: $0, taint: taint).verdict != .denied
      }
      #expect(policy.grantedTools(principal, taint: taint) == granted)
    }
  }

  @Test("a denied tool stays denied, whatever else allows it", arguments: ToolName.known.sorted())
  func denyBeatsAllow(_ tool: String) {
    let open = ToolNarrowing(allow: ["group:all", tool], profile: .full, ceiling: .highRisk)
    let closed = ToolNarrowing(deny: [tool], allow: [tool], profile: .full, ceiling: .highRisk)
    for place in 0..<3 {
      let rules = AccessRules(
        owners: ["O"],
        channels: ["team": AccessRules.Channel(tools: place == 1 ? closed : open)],
        tools: ToolPolicy(
          narrowing: place == 0 ? closed : open,
          tiers: [.owner: .highRisk],
          rules: [
            "a": AccessRules.Rule(tools: open),
            "b": AccessRules.Rule(
              channels: ["team"], senders: ["O"], tiers: [.owner],
              tools: place == 2 ? closed : open),
          ]))
      let owner = AccessPrincipal(channel: "team", client: "token:gateway", sender: "O")
      let decision = AccessPolicy(rules).authorise(owner, tool: tool, taint: [])
      #expect(decision.reason == .toolDenied)
      #expect(
        decision.rule == ["tools.deny", "channels.team.tools.deny", "tools.rules.b.deny"][place])
    }
  }

  @Test("a group that nobody declares denies every tool and allows none")
  func unknownGroupsFailClosed() {
    let owner = AccessPrincipal(channel: "web", client: "operator", sender: nil)
    func decision(_ narrowing: ToolNarrowing, approvals: [String] = []) -> AccessDecision {
      let rules = AccessRules(
        tools: ToolPolicy(
          narrowing: narrowing, groups: ["files": ["exec"], "nested": ["group:all"]],
          tiers: [.owner: .highRisk], approvals: approvals))
      return AccessPolicy(rules).authorise(owner, tool: "read_file", taint: [])
    }
    for group in ["group:nobody", "group:nested", "group:"] {
      #expect(decision(ToolNarrowing(deny: [group])).reason == .toolDenied)
      #expect(decision(ToolNarrowing(allow: [group])).reason == .notAllowed)
      #expect(decision(ToolNarrowing(), approvals: [group]).reason == .approvalRequired)
    }
    #expect(decision(ToolNarrowing(deny: ["shell"])).verdict == .permitted)
    #expect(decision(ToolNarrowing(allow: ["group:files"])).verdict == .permitted)
  }
}

extension AccessDecision.Verdict {
  fileprivate var freedom: Int {
    switch self {
    case .denied: 0
    case .needsApproval: 1
    case .permitted: 2
    }
  }
}
