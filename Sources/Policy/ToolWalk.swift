// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The tool policy read from the rules as they are written, one field after the other: slow, and
/// equal to what the index says.
struct ToolWalk {
  private struct Asked {
    let name: String
    let tier: ToolTier
    let number: Int
  }

  private struct Narrowing {
    let path: String
    let tools: ToolNarrowing
  }

  private let rules: AccessRules
  private let tier: SenderTier
  private let taint: Set<TaintSource>
  private let entries: ToolEntries
  private let narrowings: [Narrowing]

  init(
    rules: AccessRules, principal: AccessPrincipal, tier: SenderTier, taint: Set<TaintSource>
  ) {
    (self.rules, self.tier, self.taint) = (rules, tier, taint)
    entries = ToolEntries(operatorGroups: rules.tools.groups)
    var narrowings = [Narrowing(path: "tools", tools: rules.tools.narrowing)]
    if let channel = rules.channels[bytes: principal.channel] {
      narrowings.append(
        Narrowing(path: "channels.\(principal.channel).tools", tools: channel.tools))
    }
    narrowings += rules.tools.rules.inByteOrder
      .filter { $0.value.matches(principal, tier: tier) }
      .map { Narrowing(path: "tools.rules.\($0.name)", tools: $0.value.tools) }
    self.narrowings = narrowings
  }

  func decision(_ tool: String, _ steps: inout ExplanationSteps) -> AccessDecision {
    guard let number = ToolCatalogue.numbers[tool] else {
      return steps.decide(
        AccessDecision(.denied, .unknownTool, rule: "builtin.unknown-tool", tier: tier),
        "there is no tool of this name")
    }
    let asked = Asked(name: tool, tier: ToolCatalogue.tiers[number], number: number)
    return denied(asked, &steps) ?? unselected(asked, &steps) ?? aboveTier(asked, &steps)
      ?? aboveCeiling(asked, &steps) ?? tainted(asked, &steps) ?? unapproved(asked, &steps)
      ?? steps.decide(
        AccessDecision(.permitted, .withinTier, rule: tierField, tier: tier),
        "permits tools of the tier \(asked.tier.rawValue)")
  }

  private func denied(_ asked: Asked, _ steps: inout ExplanationSteps) -> AccessDecision? {
    for narrowing in narrowings where !narrowing.tools.deny.isEmpty {
      let field = "\(narrowing.path).deny"
      if let entry = entries.firstCovering(in: narrowing.tools.deny)[asked.number] {
        return steps.decide(
          AccessDecision(.denied, .toolDenied, rule: field, entry: entry, tier: tier),
          "its entry \"\(VisibleText.escape(entry))\" covers \(asked.name)")
      }
      steps.add(field, "does not cover \(asked.name)")
    }
    return nil
  }

  private func unselected(_ asked: Asked, _ steps: inout ExplanationSteps) -> AccessDecision? {
    for narrowing in narrowings {
      if let profile = narrowing.tools.profile {
        let field = "\(narrowing.path).profile"
        guard profile.tools.contains(asked.number) else {
          return steps.decide(
            AccessDecision(.denied, .notInProfile, rule: field, tier: tier),
            "the profile \(profile.rawValue) leaves out \(asked.name)")
        }
        steps.add(field, "the profile \(profile.rawValue) has \(asked.name)")
      }
      if let allow = narrowing.tools.allow {
        let field = "\(narrowing.path).allow"
        guard entries.named(by: allow).contains(asked.number) else {
          return steps.decide(
            AccessDecision(.denied, .notAllowed, rule: field, tier: tier),
            "leaves out \(asked.name)")
        }
        steps.add(field, "names \(asked.name)")
      }
    }
    return nil
  }

  private func aboveTier(_ asked: Asked, _ steps: inout ExplanationSteps) -> AccessDecision? {
    let ceiling = rules.tools.tiers[tier] ?? .none
    let says = "ends at \(ceiling.rawValue), and \(asked.name) is \(asked.tier.rawValue)"
    guard asked.tier <= ceiling else {
      return steps.decide(
        AccessDecision(.denied, .aboveTier, rule: tierField, tier: tier), says)
    }
    steps.add(tierField, says)
    return nil
  }

  private func aboveCeiling(_ asked: Asked, _ steps: inout ExplanationSteps) -> AccessDecision? {
    for narrowing in narrowings {
      guard let ceiling = narrowing.tools.ceiling else { continue }
      let field = "\(narrowing.path).ceiling"
      let says = "is \(ceiling.rawValue), and \(asked.name) is \(asked.tier.rawValue)"
      guard asked.tier <= ceiling else {
        return steps.decide(
          AccessDecision(.denied, .aboveCeiling, rule: field, tier: tier), says)
      }
      steps.add(field, says)
    }
    return nil
  }

  private func tainted(_ asked: Asked, _ steps: inout ExplanationSteps) -> AccessDecision? {
    for source in TaintSource.allCases where taint.contains(source) {
      let ceiling = rules.tools.taint[source] ?? .none
      let field = "tools.taint.\(source.rawValue)"
      let says = "the turn has such text: ends at \(ceiling.rawValue) without an approval"
      guard asked.tier <= ceiling else {
        return steps.decide(
          AccessDecision(.needsApproval, .tainted, rule: field, tier: tier), says)
      }
      steps.add(field, says)
    }
    return nil
  }

  private func unapproved(_ asked: Asked, _ steps: inout ExplanationSteps) -> AccessDecision? {
    let field = "tools.approvals.require"
    guard let entry = entries.firstCovering(in: rules.tools.approvals)[asked.number] else {
      steps.add(field, "does not cover \(asked.name)")
      return nil
    }
    guard rules.tools.approvalExempt.contains(tier) else {
      return steps.decide(
        AccessDecision(.needsApproval, .approvalRequired, rule: field, entry: entry, tier: tier),
        "its entry \"\(VisibleText.escape(entry))\" covers \(asked.name)")
    }
    steps.add("tools.approvals.exempt", "names the tier \(tier.rawValue)")
    return nil
  }

  private var tierField: String { "tools.tiers.\(tier.rawValue)" }
}

extension AccessRules.Rule {
  /// Whether the rule holds for a principal who was admitted with this tier.
  func matches(_ principal: AccessPrincipal, tier: SenderTier) -> Bool {
    let isSender =
      senders.isEmpty || principal.sender.map { senders.holds($0) } ?? false
    return isSender && (channels.isEmpty || channels.holds(principal.channel))
      && (tiers.isEmpty || tiers.contains(tier))
  }
}
