// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// A decision by numbers. Its texts are fetched only when it is handed out, since a copy of a text
/// counts a reference, in memory that is cold when there are many rules.
///
/// The functions that pass one on, or a `Subject`, are inlined into `authorise`: through memory its
/// small fields would be stored one by one and read back as whole words, for which the processor
/// waits. That is a third of a decision's time.
struct Ruling {
  /// The entry of the field that decided, where it is a list.
  enum Entry {
    case none
    /// The sender itself.
    case sender
    /// By its number among the entries that deny.
    case denied(Int)
    /// The one that wants an approval for the tool of this number.
    case approved(Int)
  }

  let verdict: AccessDecision.Verdict
  let reason: AccessDecision.Reason
  let field: Int
  let entry: Entry
  /// `nil` when the sender was not admitted.
  let tier: SenderTier?

  init(
    _ verdict: AccessDecision.Verdict, _ reason: AccessDecision.Reason, _ field: Int,
    entry: Entry = .none, tier: SenderTier?
  ) {
    (self.verdict, self.reason, self.field) = (verdict, reason, field)
    (self.entry, self.tier) = (entry, tier)
  }

  init(
    _ verdict: AccessDecision.Verdict, _ reason: AccessDecision.Reason, _ field: RuleFields.Fixed,
    entry: Entry = .none, tier: SenderTier?
  ) {
    self.init(verdict, reason, field.rawValue, entry: entry, tier: tier)
  }

  /// Admission of somebody whom a list holds; without a tier, their denial.
  static func listed(
    _ reason: AccessDecision.Reason, _ field: Int, tier: SenderTier?
  ) -> Ruling {
    Ruling(tier == nil ? .denied : .permitted, reason, field, entry: .sender, tier: tier)
  }
}
