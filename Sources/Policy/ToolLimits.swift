// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What the tool policy says of each tier, by the numbers of tools and tiers.
struct ToolLimits {
  /// The entry that wants an approval for the tool.
  let approvals: [String?]
  private let numbers = ToolCatalogue.numbers
  private let tools = ToolCatalogue.tiers
  /// The highest tool tier of each sender tier.
  private let ceilings: [ToolTier]
  /// For each tool, the sources whose text rules it out without an approval.
  private let tainting: [TaintBits]
  /// Whether there is such an entry: asked of every call, without a copy of the text.
  private let wantsApproval: [Bool]
  private let isExempt: [Bool]

  init(_ policy: ToolPolicy) {
    ceilings = SenderTier.allCases.map { policy.tiers[$0] ?? .none }
    tainting = ToolCatalogue.tiers.map { tier in
      TaintBits(Set(TaintSource.allCases).filter { tier > policy.taint[$0] ?? .none })
    }
    approvals = ToolEntries(operatorGroups: policy.groups).firstCovering(in: policy.approvals)
    wantsApproval = approvals.map { $0 != nil }
    isExempt = SenderTier.allCases.map(policy.approvalExempt.contains)
  }

  func number(of tool: String) -> Int? { numbers[tool] }

  func isAbove(_ tool: Int, tier: SenderTier) -> Bool { tools[tool] > ceilings[tier.number] }

  /// The first source whose text rules the tool out without an approval.
  func source(of taint: Set<TaintSource>, against tool: Int) -> TaintSource? {
    guard !taint.isEmpty else { return nil }
    return tainting[tool].first(in: TaintBits(taint))
  }

  func needsApproval(_ tool: Int, tier: SenderTier) -> Bool {
    wantsApproval[tool] && !isExempt[tier.number]
  }
}

/// Sources of text as bits.
private struct TaintBits {
  private var bits: UInt8 = 0

  init(_ sources: Set<TaintSource>) {
    for source in sources { bits |= Self.bit(of: source) }
  }

  /// The first source in the order of all that both have.
  func first(in other: TaintBits) -> TaintSource? {
    let common = bits & other.bits
    guard common != 0 else { return nil }
    return TaintSource.allCases.first { common & Self.bit(of: $0) != 0 }
  }

  private static func bit(of source: TaintSource) -> UInt8 { 1 << UInt8(source.number) }
}
