// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// What happens on the way to an answer, for logs, counters and the audit.
public enum RouterEvent: Sendable, Equatable {
  /// An attempt, counted from 1 for each provider, failed.
  case failed(ModelFailure, attempt: Int)
  /// The same provider is asked again after a wait.
  case retrying(provider: String, after: Duration)
  /// The next declared provider is asked, because of the failure of the one before.
  case fallback(from: String, to: String, because: ModelFailure.Class)
  /// A provider is not asked for a while.
  case circuitOpened(provider: String, because: ModelFailure.Class, for: Duration)
  case circuitClosed(provider: String)
}

/// Time and chance as a router sees them.
public struct RouterClock: Sendable {
  /// Time since any fixed moment; never goes back.
  public let now: @Sendable () -> Duration
  public let sleep: @Sendable (Duration) async throws -> Void
  /// 0 to 1.
  public let jitter: @Sendable () -> Double

  public init(
    now: @escaping @Sendable () -> Duration,
    sleep: @escaping @Sendable (Duration) async throws -> Void,
    jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
  ) {
    (self.now, self.sleep, self.jitter) = (now, sleep, jitter)
  }

  public static var system: RouterClock {
    let clock = ContinuousClock()
    let origin = clock.now
    return RouterClock(now: { clock.now - origin }, sleep: { try await clock.sleep(for: $0) })
  }
}
