// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What the tool policy says of each tier, by the numbers of tools and tiers.
struct ToolLimits {
  private let numbers = ToolCatalogue.numbers
  private let tools = ToolCatalogue.tiers
  /// The highest tool tier of each sender tier.
  private let ceilings: [ToolTier]
  private let taint: [ToolTier]
  /// The entry that wants an approval for the tool.
  private let approvals: [String?]
  private let isExempt: [Bool]

  init(_ policy: ToolPolicy) {
    ceilings = SenderTier.allCases.map { policy.tiers[$0] ?? .none }
    taint = TaintSource.allCases.map { policy.taint[$0] ?? .none }
    approvals = ToolEntries(operatorGroups: policy.groups).firstCovering(in: policy.approvals)
    isExempt = SenderTier.allCases.map(policy.approvalExempt.contains)
  }

  func number(of tool: String) -> Int? { numbers[tool] }

  func isAbove(_ tool: Int, tier: SenderTier) -> Bool { tools[tool] > ceilings[tier.number] }

  /// The first source whose text rules the tool out without an approval.
  func source(of taint: Set<TaintSource>, against tool: Int) -> TaintSource? {
    guard !taint.isEmpty else { return nil }
    return Self.sources.first { source in
      taint.contains(source) && tools[tool] > self.taint[source.number]
    }
  }

  func approval(of tool: Int, tier: SenderTier) -> String? {
    isExempt[tier.number] ? nil : approvals[tool]
  }

  private static let sources = TaintSource.allCases
}

extension AccessPolicy {
  /// The decision for somebody who was admitted.
  func decision(
    tool: Int, tier: SenderTier, subject: Subject, taint: Set<TaintSource>
  ) -> AccessDecision {
    narrowed(tool, tier, subject) ?? unapproved(tool, tier, taint)
      ?? AccessDecision(.permitted, .withinTier, rule: narrowings.fields[tier], tier: tier)
  }

  private func narrowed(_ tool: Int, _ tier: SenderTier, _ subject: Subject) -> AccessDecision? {
    // Nobody is admitted on a channel without a number.
    guard let channel = subject.channel else { return unknownTool(tier) }
    let screen = narrowings.screen(
      channel: channel, group: group(of: subject), tier: tier, tool: tool)
    if let (field, entry) = screen.denial {
      return AccessDecision(
        .denied, .toolDenied, rule: narrowings.fields[field], entry: narrowings.entries[entry],
        tier: tier)
    }
    if let field = screen.selection {
      let reason: AccessDecision.Reason =
        narrowings.fields.isProfile(field) ? .notInProfile : .notAllowed
      return AccessDecision(.denied, reason, rule: narrowings.fields[field], tier: tier)
    }
    if limits.isAbove(tool, tier: tier) {
      return AccessDecision(.denied, .aboveTier, rule: narrowings.fields[tier], tier: tier)
    }
    return screen.ceiling.map { field in
      AccessDecision(.denied, .aboveCeiling, rule: narrowings.fields[field], tier: tier)
    }
  }

  private func unapproved(
    _ tool: Int, _ tier: SenderTier, _ taint: Set<TaintSource>
  ) -> AccessDecision? {
    if let source = limits.source(of: taint, against: tool) {
      return AccessDecision(
        .needsApproval, .tainted, rule: narrowings.fields[source], tier: tier)
    }
    return limits.approval(of: tool, tier: tier).map { entry in
      AccessDecision(
        .needsApproval, .approvalRequired, rule: narrowings.fields[.approvals], entry: entry,
        tier: tier)
    }
  }

  private func group(of subject: Subject) -> Int? {
    guard case .named(let sender) = subject.sender else { return nil }
    return sender.group
  }
}
