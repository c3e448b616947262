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
    return Party.all(in: [(old, before), (new, after)]).flatMap { party -> [Plan.Reach] in
      let direct = party.change(from: before, to: after, inRoom: false)
      let room = party.change(from: before, to: after, inRoom: true)
      let changes = direct == room ? [("any", direct)] : [("direct", direct), ("room", room)]
      return changes.filter { !$1.isEmpty }.map { conversation, change in
        Plan.Reach(
          channel: party.channel, who: party.shown, conversation: conversation,
          gains: change.gains, loses: change.loses)
      }
    }
  }
}

/// Tools that somebody has from now on, or has no more.
private struct ReachChange: Equatable {
  let gains: [String]
  let loses: [String]

  var isEmpty: Bool { gains.isEmpty && loses.isEmpty }
}

/// Somebody who may ask on a channel.
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

  /// Every class of people, and everybody whom either set of rules treats apart, in a fixed order.
  static func all(in sets: [(rules: AccessRules, policy: AccessPolicy)]) -> [Party] {
    let channels = Set(sets.flatMap { $0.rules.channels.keys }).union(["web"]).sorted()
    let named = namedSenders(in: sets.map(\.policy))
    return channels.flatMap { channel -> [Party] in
      let senders = (named[channel] ?? []).sorted().map { Who.sender($0) }
      return ([.operator, .client, .anybodyElse] + senders).map {
        Party(channel: channel, who: $0)
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

  func change(from old: AccessPolicy, to new: AccessPolicy, inRoom: Bool) -> ReachChange {
    let (had, has) = (tools(by: old, inRoom: inRoom), tools(by: new, inRoom: inRoom))
    return ReachChange(
      gains: has.subtracting(had).sorted(), loses: had.subtracting(has).sorted())
  }

  /// Those that may be used; those that need an approval say so.
  private func tools(by policy: AccessPolicy, inRoom: Bool) -> Set<String> {
    let decisions = policy.whatCan(principal(inRoom: inRoom))
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
  private func principal(inRoom: Bool) -> AccessPrincipal {
    let sender: String? =
      switch who {
      case .operator, .client: nil
      case .sender(let id): id
      case .anybodyElse: "anybody else"
      }
    let client = if case .operator = who { AccessPrincipal.operatorClient } else { "client" }
    return AccessPrincipal(
      channel: channel, client: client, sender: sender,
      conversation: inRoom ? .room(isMention: true) : .direct)
  }
}
