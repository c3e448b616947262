// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Plan {
  /// How many resources a plan does what to. What is blocked counts as blocked only.
  public struct Summary: Sendable, Codable, Equatable {
    public var create = 0
    public var update = 0
    public var delete = 0
    public var adopt = 0
    public var forget = 0
    public var blocked = 0
    public var noop = 0
    public var drift = 0
    public var impactMax = Impact.none

    enum CodingKeys: String, CodingKey {
      case create, update, delete, adopt, forget, blocked, noop, drift
      case impactMax = "impact_max"
    }

    /// - Parameter unchanged: Resources that are as they should be and not among the changes.
    init(of changes: [Change], unchanged: Int) {
      noop = unchanged
      for change in changes {
        if change.reason == .drift || change.reason == .deletedOutside { drift += 1 }
        guard change.blocked == nil else {
          blocked += 1
          continue
        }
        impactMax = max(impactMax, change.impact)
        for action in change.actions { count(action) }
      }
    }

    private mutating func count(_ action: Change.Action) {
      switch action {
      case .create: create += 1
      case .update: update += 1
      case .delete: delete += 1
      case .adopt: adopt += 1
      case .forget: forget += 1
      case .noop: noop += 1
      }
    }
  }
}
