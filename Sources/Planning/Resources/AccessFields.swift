// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Access rules as fields of resources: the same for what is wanted and for what is found.
public enum AccessFields {
  public static func of(_ channel: AccessRules.Channel) -> ResourceFields {
    var fields: ResourceFields = [
      "policy": .string(channel.dmPolicy.rawValue),
      "groupPolicy": .string(channel.groupPolicy.rawValue),
      "requireMention": .bool(channel.requireMention),
      "sessionScope": .string(channel.sessionScope.rawValue),
      "allow": texts(channel.allow), "deny": texts(channel.deny),
    ]
    let tools = of(channel.tools)
    if !tools.isEmpty { fields["tools"] = .object(tools) }
    return fields
  }

  /// The senders that every channel knows.
  public static func tiers(_ rules: AccessRules) -> ResourceFields {
    [
      "owners": texts(rules.owners), "internal": texts(rules.internal),
      "deny": texts(rules.denied),
    ]
  }

  public static func of(_ policy: ToolPolicy) -> ResourceFields {
    var fields = of(policy.narrowing)
    fields["tiers"] = .object(words(policy.tiers))
    fields["taint"] = .object(words(policy.taint))
    fields["approvals"] = texts(policy.approvals)
    if !policy.approvalExempt.isEmpty {
      fields["approvalExempt"] = texts(policy.approvalExempt.map(\.rawValue))
    }
    if !policy.groups.isEmpty { fields["groups"] = .object(policy.groups.mapValues(texts)) }
    if !policy.rules.isEmpty { fields["rules"] = .object(policy.rules.mapValues(of)) }
    return fields
  }

  private static func of(_ rule: AccessRules.Rule) -> JSONValue {
    var fields = of(rule.tools)
    if !rule.channels.isEmpty { fields["channels"] = texts(rule.channels) }
    if !rule.senders.isEmpty { fields["senders"] = texts(rule.senders) }
    if !rule.tiers.isEmpty { fields["tiers"] = texts(rule.tiers.map(\.rawValue)) }
    return .object(fields)
  }

  private static func of(_ narrowing: ToolNarrowing) -> ResourceFields {
    var fields: ResourceFields = [:]
    if !narrowing.deny.isEmpty { fields["deny"] = texts(narrowing.deny) }
    if let allow = narrowing.allow { fields["allow"] = texts(allow) }
    if let profile = narrowing.profile { fields["profile"] = .string(profile.rawValue) }
    if let ceiling = narrowing.ceiling { fields["ceiling"] = .string(ceiling.rawValue) }
    return fields
  }

  /// Lists of access rules are sets: their order means nothing.
  private static func texts(_ texts: [String]) -> JSONValue {
    .array(texts.sorted().map { .string($0) })
  }

  private static func words<Key: RawRepresentable<String>>(
    _ words: [Key: ToolTier]
  ) -> [String: JSONValue] {
    Dictionary(
      words.map { ($0.key.rawValue, .string($0.value.rawValue)) },
      uniquingKeysWith: { one, _ in one })
  }
}
