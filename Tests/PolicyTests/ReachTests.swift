// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Policy
import TestSupport
import Testing

/// Who can use a tool, against asking for everybody.
struct ReachTests {
  @Test("who can use a tool is what everybody is told when asking, for random rules")
  func answersLikeEachQuestion() {
    var access = RandomAccess(random: SplitMix64(seed: SplitMix64.seed(of: "reach")))
    for _ in 0..<500 {
      let rules = access.rules()
      let policy = AccessPolicy(rules)
      let (tool, taint) = (access.tool(), access.taint())
      let reaches = policy.whoCan(tool, taint: taint)
      for channel in Set(rules.channels.keys).union(["web"]) {
        let isDeclared = rules.channels[channel] != nil
        let senders = isDeclared ? RandomAccess.senders + ["stranger"] : []
        for sender in senders.map(Optional.some) + [nil] {
          for client in sender == nil ? ["operator", "token:gateway"] : ["token:gateway"] {
            for conversation in [AccessPrincipal.Conversation.direct, .room(isMention: true)] {
              let principal = AccessPrincipal(
                channel: channel, client: client, sender: sender, conversation: conversation)
              let expected = policy.authorise(principal, tool: tool, taint: taint)
              let found = reaches.answer(to: principal)
              #expect(found == expected, "\(principal) \(rules)")
            }
          }
        }
      }
    }
  }

  @Test("a sender who can do what anybody can is not named")
  func collapses() {
    let policy = AccessPolicy(DecisionTableTests.rules)
    let here = policy.whoCan("read_file").filter { $0.channel == "team" }
    #expect(
      here.map {
        "\($0.who.rawValue) \($0.sender ?? "-") \($0.conversation) \($0.verdict.rawValue)"
      }
        == [
          "operator - any permitted", "client - any permitted", "sender BANNED any denied",
          "sender BANNED-HERE any denied", "sender GUEST any permitted",
          "sender NIGHT any permitted", "sender OWNER any permitted",
          "sender STAFF any permitted", "anybody-else - direct denied",
          "anybody-else - room denied",
        ])
  }

  @Test("what a principal can do is every tool with its decision")
  func listsTools() {
    let policy = AccessPolicy(DecisionTableTests.rules)
    let owner = DecisionTableTests.from("OWNER", "ops")
    let decisions = policy.whatCan(owner, taint: [.web])
    #expect(decisions.map(\.tool) == ToolName.known.sorted())
    for decision in decisions {
      #expect(decision.decision == policy.authorise(owner, tool: decision.tool, taint: [.web]))
    }
  }

  @Test("100,000 senders are answered for")
  func isLinear() {
    let ids = (0..<100_000).map { "U\($0)" }
    let policy = AccessPolicy(
      AccessRules(
        channels: ["team": AccessRules.Channel(allow: ids)],
        tools: ToolPolicy(tiers: [.external: .read])))
    let reaches = policy.whoCan("read_file")
    #expect(reaches.count { $0.who == .sender && $0.verdict == .permitted } == ids.count)
  }
}

extension [Reach] {
  /// The decision that the answers give a principal.
  fileprivate func answer(to principal: AccessPrincipal) -> AccessDecision? {
    let conversation: Reach.Conversation = principal.conversation == .direct ? .direct : .room
    let here = filter {
      $0.channel.utf8.elementsEqual(principal.channel.utf8)
        && ($0.conversation == .any || $0.conversation == conversation)
    }
    let found =
      if let sender = principal.sender {
        here.first {
          $0.who == .sender && ($0.sender ?? "").utf8.elementsEqual(sender.utf8)
        } ?? here.first { $0.who == .anybodyElse }
      } else {
        here.first { $0.who == (principal.client == "operator" ? .operator : .client) }
      }
    return found.map {
      AccessDecision($0.verdict, $0.reason, rule: $0.rule, entry: $0.entry, tier: $0.tier)
    }
  }
}
