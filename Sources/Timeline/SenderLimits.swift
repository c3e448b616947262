// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// How many messages one sender may write: channel, client and sender together are one.
public struct SenderLimits: Sendable, Codable, Equatable {
  /// In the long run. 0 gives nothing back that was used.
  public var messagesPerMinute: Int
  /// At once, after a pause.
  public var burst: Int
  /// Messages that may wait at a time.
  public var queued: Int

  public init(messagesPerMinute: Int, burst: Int, queued: Int) {
    (self.messagesPerMinute, self.burst, self.queued) = (messagesPerMinute, burst, queued)
  }
}

/// A token bucket: a value that decides whether one more message is taken.
struct SenderBucket: Equatable {
  private(set) var tokens: Double
  /// Seconds since 1970.
  private(set) var filledAt: Double

  init(tokens: Double, filledAt: Double) { (self.tokens, self.filledAt) = (tokens, filledAt) }

  /// A full one.
  init(_ limits: SenderLimits, at now: Double) {
    self.init(tokens: Double(max(0, limits.burst)), filledAt: now)
  }

  mutating func take(_ limits: SenderLimits, at now: Double) -> Bool {
    // A clock that was set back gives nothing for the time between, and takes nothing.
    let elapsed = max(0, now - filledAt)
    let gained = elapsed * Double(max(0, limits.messagesPerMinute)) / 60
    tokens = min(Double(max(0, limits.burst)), max(0, tokens) + gained)
    filledAt = now
    guard tokens >= 1 else { return false }
    tokens -= 1
    return true
  }
}
