// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials

/// When a failure is tried again: `U(0.5, 1.5) · min(300 s, 2 s · 2ⁿ)`, counted per cause and
/// input, forgotten when either changes. A value.
struct Backoff: Sendable, Equatable {
  private var key = ""
  private var failures = 0
  private var notBefore = Date.distantPast

  /// - Parameter key: Digest of what was tried and the class of the error.
  /// - Parameter jitter: From 0.5 to 1.5.
  mutating func fail(_ key: String, at now: Date, jitter: Double) {
    failures = self.key == key ? failures + 1 : 1
    self.key = key
    let delay = min(300, 2 * pow2(min(failures - 1, 10)))
    notBefore = now.addingTimeInterval(delay * jitter)
  }

  mutating func succeed() { self = Backoff() }

  /// How long to wait still; `nil` when the key is another or the time is over.
  func remaining(_ key: String, at now: Date) -> TimeInterval? {
    guard failures > 0, self.key == key, notBefore > now else { return nil }
    return notBefore.timeIntervalSince(now)
  }

  /// As ``remaining(_:at:)``, whatever the key.
  func remaining(at now: Date) -> TimeInterval? { remaining(key, at: now) }

  private func pow2(_ exponent: Int) -> Double { Double(1 << exponent) }
}
