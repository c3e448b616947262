// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

extension AccessRules {
  /// The rules that a desired state declares; lists in their order.
  public init(_ spec: ApplianceSpec) {
    self.init(
      owners: spec.senders.owners.map(\.text),
      internal: spec.senders.internal.map(\.text),
      denied: spec.senders.deny.map(\.text),
      channels: Dictionary(
        uniqueKeysWithValues: spec.channels.map { ($0, Channel($1, ChannelRoute($0, $1))) }),
      tools: ToolPolicy(spec.tools))
  }
}

extension AccessRules.Channel {
  init(_ spec: ChannelSpec, _ route: ChannelRoute) {
    self.init(
      dmPolicy: spec.dmPolicy, groupPolicy: spec.groupPolicy, requireMention: spec.requireMention,
      sessionScope: spec.sessionScope,
      allow: spec.allow.map { route.listed($0.text) },
      deny: spec.deny.map { route.listed($0.text) },
      tools: ToolNarrowing(
        deny: spec.tools.deny, allow: spec.tools.allow,
        profile: spec.tools.profile, ceiling: spec.tools.ceiling))
  }
}

extension ToolPolicy {
  init(_ spec: ToolsSpec) {
    self.init(
      narrowing: ToolNarrowing(
        deny: spec.deny, allow: spec.allow, profile: spec.profile,
        ceiling: spec.ceiling),
      groups: spec.groups,
      tiers: [
        .unknown: spec.tiers.unknown, .external: spec.tiers.external,
        .internal: spec.tiers.internal, .owner: spec.tiers.owner,
      ],
      rules: spec.rules.mapValues(AccessRules.Rule.init),
      taint: [
        .files: spec.taint.files, .web: spec.taint.web, .bots: spec.taint.bots,
        .senders: spec.taint.senders,
      ],
      approvals: spec.approvals.require,
      approvalExempt: spec.approvals.exempt)
  }
}

extension AccessRules.Rule {
  init(_ spec: ToolRuleSpec) {
    self.init(
      channels: spec.channels, senders: spec.senders.map(\.text),
      tiers: spec.tiers,
      tools: ToolNarrowing(
        deny: spec.deny, allow: spec.allow, profile: spec.profile,
        ceiling: spec.ceiling))
  }
}

extension ChannelRoute {
  /// The account that a channel declares.
  public init(_ name: String, _ spec: ChannelSpec) {
    self.init(
      name: name, type: spec.type, baseURL: spec.baseURL, account: spec.account,
      tenant: spec.tenant, replyURL: spec.replyURL)
  }
}
