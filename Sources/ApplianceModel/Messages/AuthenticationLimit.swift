// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import FoundationEssentials

/// A source network that is locked out.
public struct NetworkLock: Sendable, Codable, Equatable {
  public let until: Date
  /// Clients that authenticated from there before: whoever guesses behind a proxy must not lock its
  /// users out.
  public let clients: Set<String>

  public init(until: Date, clients: Set<String>) { (self.until, self.clients) = (until, clients) }
}

/// What is known of the failed authentications of one source network; a value that decides when it
/// is locked out.
public struct AuthenticationLimit: Sendable, Codable, Equatable {
  /// Failures since the window began.
  public var failures: Int
  public var windowStart: Date
  /// Lock-outs in a row; each one is twice as long as the one before.
  public var lockouts: Int
  public var lockedUntil: Date?

  /// Failures in one window that lock a network out.
  public static let failureLimit = 10
  /// Length of a window. Seconds.
  public static let window: TimeInterval = 60
  /// The first lock-out. Seconds.
  public static let firstLockout: TimeInterval = 60
  /// The longest lock-out. Seconds.
  public static let longestLockout: TimeInterval = 900
  /// After so long without a failure a network is as good as new. Seconds.
  public static let forgiveness: TimeInterval = 3_600

  public init(
    failures: Int = 0, windowStart: Date, lockouts: Int = 0, lockedUntil: Date? = nil
  ) {
    (self.failures, self.windowStart) = (failures, windowStart)
    (self.lockouts, self.lockedUntil) = (lockouts, lockedUntil)
  }

  /// Counts a failure.
  ///
  /// - Returns: Whether this one locks the network out.
  public mutating func fail(at now: Date) -> Bool {
    // A clock that was set back must not prolong anything.
    if windowStart > now { windowStart = now }
    if let end = lockedUntil, end.timeIntervalSince(now) > Self.longestLockout { lockedUntil = nil }
    let last = max(windowStart, lockedUntil ?? windowStart)
    if now.timeIntervalSince(last) >= Self.forgiveness { lockouts = 0 }
    if now.timeIntervalSince(windowStart) >= Self.window { (failures, windowStart) = (0, now) }
    failures = min(failures, Self.failureLimit) + 1
    guard failures >= Self.failureLimit else { return false }
    let doubled = Self.firstLockout * TimeInterval(1 << max(0, min(lockouts, 10)))
    lockedUntil = now.addingTimeInterval(min(doubled, Self.longestLockout))
    (failures, windowStart, lockouts) = (0, now, min(lockouts, 999) + 1)
    return true
  }

  public func isLocked(at now: Date) -> Bool {
    guard let lockedUntil, lockedUntil > now else { return false }
    return lockedUntil.timeIntervalSince(now) <= Self.longestLockout
  }
}
