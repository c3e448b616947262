// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Planning
import Policy

/// Who gains or loses which tools between two sets of rules. Pure.
enum ReachDifference {
  static func between(_ old: AccessRules, _ new: AccessRules) -> [Plan.Reach] {
    guard old != new else { return [] }
    let (before, after) = (AccessPolicy(old), AccessPolicy(new))
    return Party.all(in: [(old, before), (new, after)]).compactMap { party in
      let (had, has) = (party.tools(by: before), party.tools(by: after))
      guard had != has else { return nil }
      return Plan.Reach(
        channel: party.channel, who: party.shown, conversation: party.isRoom ? "room" : "direct",
        gains: has.subtracting(had).sorted(), loses: had.subtracting(has).sorted())
    }
  }
}

/// Somebody who may ask, at one place.
private struct Party {
  enum Who {
    case `operator`
    case client
    case sender(String)
    /// Whoever no list names.
    case anybodyElse
  }

  let channel: String
  let who: Who
  let isRoom: Bool

  /// Every class of people, and everybody whom either set of rules treats apart, in a fixed order.
  static func all(in sets: [(rules: AccessRules, policy: AccessPolicy)]) -> [Party] {
    let channels = Set(sets.flatMap { $0.rules.channels.keys }).union(["web"]).sorted()
    let named = namedSenders(in: sets.map(\.policy))
    return channels.flatMap { channel -> [Party] in
      let senders = (named[channel] ?? []).sorted().map { Who.sender($0) }
      return ([.operator, .client, .anybodyElse] + senders).flatMap { who in
        [false, true].map { Party(channel: channel, who: who, isRoom: $0) }
      }
    }
  }

  /// Senders whom the rules treat otherwise than anybody else, by channel.
  private static func namedSenders(in policies: [AccessPolicy]) -> [String: Set<String>] {
    var named: [String: Set<String>] = [:]
    for policy in policies {
      for tool in ToolName.known {
        for reach in policy.whoCan(tool) {
          if let sender = reach.sender { named[reach.channel, default: []].insert(sender) }
        }
      }
    }
    return named
  }

  var shown: String {
    switch who {
    case .operator: "operator"
    case .client: "client"
    case .anybodyElse: "anybody else"
    case .sender(let id): "\"\(id)\""
    }
  }

  /// Those that may be used; those that need an approval say so.
  func tools(by policy: AccessPolicy) -> Set<String> {
    let decisions = policy.whatCan(principal)
    return Set(
      decisions.compactMap { one in
        switch one.decision.verdict {
        case .permitted: one.tool
        case .needsApproval: one.tool + " (approval)"
        case .denied: nil
        }
      })
  }

  /// A space is in no sender's id.
  private var principal: AccessPrincipal {
    let sender: String? =
      switch who {
      case .operator, .client: nil
      case .sender(let id): id
      case .anybodyElse: "anybody else"
      }
    let client = if case .operator = who { AccessPrincipal.operatorClient } else { "client" }
    return AccessPrincipal(
      channel: channel, client: client, sender: sender,
      conversation: isRoom ? .room(isMention: true) : .direct)
  }
}
