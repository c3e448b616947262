// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Planning
import Policy
import TestSupport
import Testing

@testable import DesiredState
@testable import Reconciliation

/// Who gains and loses which tools, as a plan shows it, is what the policy decides.
struct ShownReachTests {
  @Test("a plan shows exactly the tools that somebody gains or loses")
  func randomChanges() {
    let seed = SplitMix64.seed(of: "shown reach")
    var source = RandomSpec(random: SplitMix64(seed: seed))
    var old = AccessRules(source.spec())
    for number in 0..<150 {
      let new = AccessRules(source.spec())
      let shown = ReachDifference.between(old, new)
      for _ in 0..<20 {
        let principal = source.principal()
        expectShown(shown, principal, old, new, "seed \(seed), change \(number): \(principal)")
      }
      old = new
    }
  }

  @Test("a rule that takes one tool from a sender is shown with that tool only")
  func oneTool() {
    var old = AccessRules(channels: ["team": AccessRules.Channel(dmPolicy: .open)])
    old.tools.tiers = [.unknown: .highRisk]
    var new = old
    new.tools.rules["one"] = AccessRules.Rule(
      senders: ["U1"], tools: ToolNarrowing(deny: [ToolName.exec]))
    let shown = ReachDifference.between(old, new).filter { $0.conversation != "room" }
    #expect(
      shown == [
        Plan.Reach(
          channel: "team", who: "\"U1\"", conversation: "direct", gains: [], loses: [ToolName.exec])
      ])
  }

  @Test("a sender with the name of a class is not taken for the class", arguments: Reach.Who.names)
  func namedLikeAClass(name: String) {
    var old = AccessRules(channels: ["team": AccessRules.Channel(dmPolicy: .allowlist)])
    old.tools.tiers = [.owner: .highRisk, .internal: .highRisk, .external: .highRisk]
    var new = old
    new.channels["team"]?.allow = [name]
    let shown = ReachDifference.between(old, new)
    #expect(shown.contains { $0.gains == ToolName.known.sorted() && $0.loses.isEmpty })
    #expect(shown.allSatisfy { $0.who.contains(name) && $0.who != name })
  }

  private func expectShown(
    _ shown: [Plan.Reach], _ principal: AccessPrincipal, _ old: AccessRules, _ new: AccessRules,
    _ place: String
  ) {
    // A plan shows rooms as they are for a message that names the bot.
    guard principal.conversation != .room(isMention: false) else { return }
    let isDirect = principal.conversation == .direct
    let entries = shown.filter {
      $0.channel == principal.channel
        && [isDirect ? "direct" : "room", "any"].contains($0.conversation)
    }
    let client = principal.client == AccessPrincipal.operatorClient ? "operator" : "client"
    let own = entries.first { $0.who == principal.sender.map { "\"\($0)\"" } ?? client }
    let others = principal.sender == nil ? nil : entries.first { $0.who == "anybody else" }
    let (had, has) = (tools(principal, old), tools(principal, new))
    let (gains, loses) = (has.subtracting(had), had.subtracting(has))
    if let own {
      #expect(Set(own.gains) == gains && Set(own.loses) == loses, "\(place): \(own)")
    } else if !(gains.isEmpty && loses.isEmpty) {
      // Whom no row names has what everybody else has.
      #expect(others.map { Set($0.gains) } == gains, "\(place): gains \(gains)")
      #expect(others.map { Set($0.loses) } == loses, "\(place): loses \(loses)")
    }
  }

  private func tools(_ principal: AccessPrincipal, _ rules: AccessRules) -> Set<String> {
    let policy = AccessPolicy(rules)
    return Set(
      ToolName.known.compactMap { tool in
        switch policy.authorise(principal, tool: tool, taint: []).verdict {
        case .permitted: tool
        case .needsApproval: tool + " (approval)"
        case .denied: nil
        }
      })
  }
}

extension Reach.Who {
  static let names = [Reach.Who.operator, .client, .anybodyElse].map(\.rawValue)
}
