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
    var lists = SenderLists(rules, channels: channels)
    let groups = SenderGroups(rules, senders: &lists)
    narrowings = NarrowingIndex(rules, channels: channels, groups: groups)
    senders = SenderIndex(lists, groups: groups, rows: narrowings.groupRows)
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
    let ruling = ruling(subject(of: principal), tool: limits.number(of: tool), taint: taint)
    return decision(ruling, sender: principal.sender)
  }

  /// The tools that are permitted or need an approval, in the order of their bytes.
  public func grantedTools(_ principal: AccessPrincipal, taint: Set<TaintSource>) -> [String] {
    let subject = subject(of: principal)
    return ToolCatalogue.names.enumerated().compactMap { number, name in
      ruling(subject, tool: number, taint: taint).verdict == .denied ? nil : name
    }
  }

  /// - Parameter tool: `nil` for a tool that is none of the product's.
  @inline(__always)
  func ruling(_ subject: Subject, tool: Int?, taint: Set<TaintSource>) -> Ruling {
    let admission = admission(of: subject)
    guard let tier = admission.tier else { return admission }
    guard let tool else { return Ruling(.denied, .unknownTool, .unknownTool, tier: tier) }
    return ruling(tool: tool, tier: tier, subject: subject, taint: taint)
  }

  /// Fetches the texts of a ruling.
  @inline(__always)
  func decision(_ ruling: Ruling, sender: String?) -> AccessDecision {
    let entry: String? =
      switch ruling.entry {
      case .none: nil
      case .sender: sender
      case .denied(let number): narrowings.entries[number]
      case .approved(let tool): limits.approvals[tool]
      }
    return AccessDecision(
      ruling.verdict, ruling.reason, rule: narrowings.fields[ruling.field], entry: entry,
      tier: ruling.tier)
  }
}
