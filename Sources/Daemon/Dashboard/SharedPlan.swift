// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import FoundationEssentials
import Reconciliation

/// One plan for all who look at once: making one takes the reconciler's turn.
actor SharedPlan {
  /// How long a plan is shown again. Seconds.
  static let life: TimeInterval = 5

  private var made: (at: Date, outcome: PassOutcome)?
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private var isMaking = false
  /// Deeds so far: a plan that was begun before one says nothing of what holds after it.
  private var deeds = 0

  func newest(_ now: Date, _ make: @Sendable () async -> PassOutcome) async -> PassOutcome {
    if let made, (0..<Self.life).contains(now.timeIntervalSince(made.at)) { return made.outcome }
    guard !isMaking else {
      await withCheckedContinuation { waiting.append($0) }
      return await newest(Date(), make)
    }
    isMaking = true
    let before = deeds
    let outcome = await make()
    isMaking = false
    if deeds == before { made = (Date(), outcome) }
    for one in waiting { one.resume() }
    waiting = []
    return outcome
  }

  /// Something was done: the next one looks anew.
  func forget() {
    made = nil
    deeds += 1
  }
}
