// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// When a delivery that failed is tried again, and when it is given up. A value.
struct RetrySchedule: Sendable, Equatable {
  enum Verdict: Equatable {
    /// After so many seconds.
    case again(Double)
    case giveUp
  }

  /// Attempts that failed for reasons of the delivery's own.
  static let attemptLimit = 12
  /// Whatever the reason: what arrives a day late answers nobody. Seconds.
  static let ageLimit = 86_400.0
  /// Seconds.
  static let longestPause = 900.0

  /// - Parameters:
  ///   - attempts: That failed for reasons of its own so far, this one included.
  ///   - age: Since the text was ready. Seconds.
  ///   - jitter: From 0.5 to 1.5.
  static func verdict(
    after failure: DeliveryFailure, attempts: Int, age: Double, jitter: Double
  ) -> Verdict {
    guard failure.class != .refused, age < ageLimit else { return .giveUp }
    // An account that is not accepted is a matter of the channel, not of this delivery.
    guard failure.class != .transient || attempts < attemptLimit else { return .giveUp }
    let doubled = Double(1 << min(max(0, attempts), 10))
    let own = min(longestPause, doubled * jitter)
    let asked = Double(min(max(0, failure.retryAfter ?? 0), Int(ageLimit)))
    let slow = failure.class == .unauthorized ? 60.0 : 0
    return .again(max(own, asked, slow))
  }
}
