// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Decides who may write to the agent and which tools a turn may use. Pure: the same rules and the
/// same question give the same decision, and every question has one.
///
/// The rules are indexed once; a decision then costs the same whatever their number.
public struct AccessPolicy: Sendable {
  let rules: AccessRules
  let channels: ChannelIndex
  let senders: SenderIndex
  let narrowings: NarrowingIndex
  let limits: ToolLimits

  /// Linear in the size of the rules.
  public init(_ rules: AccessRules) {
    self.rules = rules
    channels = ChannelIndex(rules)
    var senders = SenderIndex(rules, channels: channels)
    let groups = SenderGroups(rules, senders: &senders)
    self.senders = senders
    narrowings = NarrowingIndex(rules, channels: channels, groups: groups)
    limits = ToolLimits(rules.tools)
  }

  /// Whether a message is taken, and how far its sender is trusted.
  public func admit(_ principal: AccessPrincipal) -> AccessDecision {
    decision(admission(of: subject(of: principal)), sender: principal.sender)
  }

  /// Whether a tool may be used; whoever is not admitted may use none.
  /// - Parameter taint: where text in the turn came from.
  public func authorise(
    _ principal: AccessPrincipal, tool: String, taint: Set<TaintSource>
  ) -> AccessDecision {
    let subject = subject(of: principal)
    let admission = admission(of: subject)
    guard let tier = admission.tier else {
      return decision(admission, sender: principal.sender)
    }
    guard let number = limits.number(of: tool) else { return unknownTool(tier) }
    return decision(tool: number, tier: tier, subject: subject, taint: taint)
  }

  /// The tools that are permitted or need an approval, in the order of their bytes.
  public func grantedTools(_ principal: AccessPrincipal, taint: Set<TaintSource>) -> [String] {
    let subject = subject(of: principal)
    guard let tier = admission(of: subject).tier else { return [] }
    return ToolCatalogue.names.enumerated().compactMap { number, name in
      let decision = decision(tool: number, tier: tier, subject: subject, taint: taint)
      return decision.verdict == .denied ? nil : name
    }
  }

  func unknownTool(_ tier: SenderTier) -> AccessDecision {
    AccessDecision(.denied, .unknownTool, rule: narrowings.fields[.unknownTool], tier: tier)
  }
}
