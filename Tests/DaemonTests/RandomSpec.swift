// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import TestSupport

@testable import DesiredState

/// Valid desired states over few names, so that their lists meet often; and questions about them.
struct RandomSpec {
  var random: SplitMix64

  private static let senders = ["U1", "u1", "U12", "U1/", "~", "%55", "ada@example.org"]
  private static let channels = ["team", "team-2", "web"]
  private static let entries =
    ToolName.known.sorted() + ToolName.groups.keys.sorted().map { "group:\($0)" } + ["group:mine"]

  mutating func spec() -> ApplianceSpec {
    var spec = ApplianceSpec.running("/usr/bin/cat")
    spec.appliance.name = "probe"
    let tiers = some(Self.senders, atMost: 5)
    spec.senders.owners = tiers.prefix(2).map(SenderID.init)
    spec.senders.internal = tiers.dropFirst(2).map(SenderID.init)
    spec.senders.deny = some(Self.senders, atMost: 1).map(SenderID.init)
    for name in ["team"] + some(Self.channels, atMost: 2) { spec.channels[name] = channel() }
    spec.tools.groups = ["mine": some(ToolName.known.sorted(), atMost: 3)]
    spec.tools.profile = chance(10) ? one(ToolProfile.allCases) : .full
    spec.tools.deny = chance(20) ? some(Self.entries, atMost: 2) : []
    spec.tools.allow = chance(10) ? some(Self.entries, atMost: 6) : nil
    spec.tools.ceiling = chance(10) ? one(ToolTier.allCases) : nil
    spec.tools.tiers.unknown = one([.highRisk, .read] + ToolTier.allCases)
    spec.tools.tiers.external = one([.highRisk, .write] + ToolTier.allCases)
    spec.tools.tiers.internal = one([.highRisk, .highRisk] + ToolTier.allCases)
    spec.tools.taint.files = one(ToolTier.allCases)
    spec.tools.taint.web = one(ToolTier.allCases)
    spec.tools.taint.bots = one(ToolTier.allCases)
    spec.tools.taint.senders = one(ToolTier.allCases)
    spec.tools.approvals.require = some(Self.entries, atMost: 2)
    spec.tools.approvals.exempt = some(SenderTier.allCases, atMost: 2)
    for name in some(["one", "two", "three"], atMost: 3) { spec.tools.rules[name] = rule() }
    return spec
  }

  private mutating func channel() -> ChannelSpec {
    var channel = ChannelSpec()
    channel.sessionScope = one(SessionScope.allCases)
    channel.dmPolicy = one([.open] + AdmissionPolicy.allCases)
    channel.groupPolicy = one([.open] + AdmissionPolicy.allCases)
    channel.requireMention = chance(50)
    channel.allow = some(Self.senders, atMost: 3).map(SenderID.init)
    channel.deny = some(Self.senders, atMost: 1).map(SenderID.init)
    channel.tools.deny = chance(20) ? some(Self.entries, atMost: 2) : []
    channel.tools.allow = chance(10) ? some(Self.entries, atMost: 6) : nil
    channel.tools.profile = chance(10) ? one(ToolProfile.allCases) : nil
    channel.tools.ceiling = chance(10) ? one(ToolTier.allCases) : nil
    return channel
  }

  private mutating func rule() -> ToolRuleSpec {
    var rule = ToolRuleSpec()
    rule.channels = chance(50) ? some(Self.channels, atMost: 2) : []
    rule.senders = chance(50) ? some(Self.senders, atMost: 3).map(SenderID.init) : []
    rule.tiers = chance(30) ? some(SenderTier.allCases, atMost: 2) : []
    rule.deny = chance(60) ? some(Self.entries, atMost: 2) : []
    rule.allow = chance(15) ? some(Self.entries, atMost: 6) : nil
    rule.profile = chance(10) ? one(ToolProfile.allCases) : nil
    rule.ceiling = chance(20) ? one(ToolTier.allCases) : nil
    return rule
  }

  mutating func principal() -> AccessPrincipal {
    AccessPrincipal(
      channel: chance(60) ? "team" : one(Self.channels + ["nowhere"]),
      client: one(["operator", "token:gateway", "channel:team"]),
      sender: chance(10) ? nil : one(Self.senders + ["stranger"]),
      conversation: one([.direct, .room(isMention: true), .room(isMention: false)]))
  }

  mutating func tool() -> String { one(ToolName.known.sorted() + ["no_such_tool"]) }

  mutating func taint() -> Set<TaintSource> {
    chance(40) ? [] : Set(some(TaintSource.allCases, atMost: 3))
  }

  private mutating func chance(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &random) < percent
  }

  private mutating func one<Value>(_ values: [Value]) -> Value {
    values[Int.random(in: values.indices, using: &random)]
  }

  /// Each at most once.
  private mutating func some<Value>(_ values: [Value], atMost limit: Int) -> [Value] {
    Array(values.shuffled(using: &random).prefix(Int.random(in: 0...limit, using: &random)))
  }
}
