// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// When the same provider is asked again.
struct RetryPolicy: Sendable {
  /// After the first attempt.
  static let retries = 2

  private let firstDelay: Duration = .milliseconds(500)
  private let busyDelay: Duration = .seconds(2)
  private let longestDelay: Duration = .seconds(20)

  /// How long to wait before the next attempt; `nil` when there is none.
  ///
  /// - Parameters:
  ///   - attempt: The one that failed, from 1.
  ///   - remaining: The time left for the answer.
  ///   - jitter: 0 to 1; spreads what many wait for at once.
  func delay(
    after failure: ModelFailure, attempt: Int, remaining: Duration, jitter: Double
  ) -> Duration? {
    guard failure.isRetryable, attempt <= Self.retries else { return nil }
    let isBusy = failure.class == .overloaded || failure.class == .rateLimited
    let whole = (isBusy ? busyDelay : firstDelay) * (1 << max(0, attempt - 1))
    let backoff = min(whole, longestDelay) * (0.5 + 0.5 * min(max(0, jitter), 1))
    let delay = max(failure.retryAfter ?? .zero, backoff)
    // An attempt without time to answer would only cost.
    return delay + .seconds(1) <= remaining ? delay : nil
  }
}
