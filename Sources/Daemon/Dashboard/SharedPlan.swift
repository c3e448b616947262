// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import FoundationEssentials
import Reconciliation

/// One plan for all who look at once: making one takes the reconciler's turn.
actor SharedPlan {
  /// How long a plan is shown again. Seconds.
  static let life: TimeInterval = 5

  private var made: (at: Date, outcome: PassOutcome)?
  private var waiting: [CheckedContinuation<PassOutcome, Never>] = []
  private var isMaking = false

  func newest(_ now: Date, _ make: @Sendable () async -> PassOutcome) async -> PassOutcome {
    if let made, (0..<Self.life).contains(now.timeIntervalSince(made.at)) { return made.outcome }
    guard !isMaking else { return await withCheckedContinuation { waiting.append($0) } }
    isMaking = true
    let outcome = await make()
    (made, isMaking) = ((Date(), outcome), false)
    for one in waiting { one.resume(returning: outcome) }
    waiting = []
    return outcome
  }

  /// Something was done: the next one looks anew.
  func forget() { made = nil }
}
