// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

extension AccessPolicy {
  /// The ruling for somebody who was admitted.
  @inline(__always)
  func ruling(
    tool: Int, tier: SenderTier, subject: Subject, taint: Set<TaintSource>
  ) -> Ruling {
    narrowed(tool, tier, subject) ?? unapproved(tool, tier, taint)
      ?? Ruling(.permitted, .withinTier, narrowings.fields.number(of: tier), tier: tier)
  }

  @inline(__always)
  private func narrowed(_ tool: Int, _ tier: SenderTier, _ subject: Subject) -> Ruling? {
    // Nobody is admitted on a channel without a number.
    guard let channel = subject.channel else {
      return Ruling(.denied, .unknownTool, .unknownTool, tier: tier)
    }
    let screen = narrowings.screen(
      channel: channel, sender: subject.record, tier: tier, tool: tool)
    if let (field, entry) = screen.denial {
      return Ruling(.denied, .toolDenied, field, entry: .denied(entry), tier: tier)
    }
    if let field = screen.selection {
      let isProfile = narrowings.fields.isProfile(field)
      return Ruling(.denied, isProfile ? .notInProfile : .notAllowed, field, tier: tier)
    }
    if limits.isAbove(tool, tier: tier) {
      return Ruling(.denied, .aboveTier, narrowings.fields.number(of: tier), tier: tier)
    }
    return screen.ceiling.map { Ruling(.denied, .aboveCeiling, $0, tier: tier) }
  }

  @inline(__always)
  private func unapproved(
    _ tool: Int, _ tier: SenderTier, _ taint: Set<TaintSource>
  ) -> Ruling? {
    if let source = limits.source(of: taint, against: tool) {
      return Ruling(.needsApproval, .tainted, narrowings.fields.number(of: source), tier: tier)
    }
    guard limits.needsApproval(tool, tier: tier) else { return nil }
    return Ruling(
      .needsApproval, .approvalRequired, .approvals, entry: .approved(tool), tier: tier)
  }
}
