// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

/// The life of one supervised process as a value: what it is doing, how often it ended, how long
/// to wait before the next start.
struct ComponentLifecycle: Sendable, Equatable {
  enum Phase: Sendable, Equatable {
    /// Nothing to run yet.
    case idle
    case starting
    case running(pid: Int32)
    case waiting
    case stopped
  }

  private(set) var phase = Phase.idle
  /// Starts after the first.
  private(set) var restarts = 0
  private(set) var lastExit: String?
  /// Ends since the process last ran for ``stablePeriod``.
  private(set) var recentFailures = 0
  /// Since when the present process runs with its configuration.
  private var startedAt: Duration?
  private var hasStarted = false

  /// A process that ran so long does not count as failing any more.
  static let stablePeriod: Duration = .seconds(30)
  /// So many ends in a row are a crash loop.
  static let crashLoop = 3

  var isCrashLooping: Bool { recentFailures >= Self.crashLoop }

  mutating func start() {
    if hasStarted { restarts += 1 }
    hasStarted = true
    startedAt = nil
    phase = .starting
  }

  mutating func run(pid: Int32, at now: Duration) {
    phase = .running(pid: pid)
    startedAt = now
  }

  /// - Parameter jitter: From 0.5 to 1.5.
  /// - Returns: How long to wait before the next start.
  mutating func end(_ exit: String, at now: Duration, jitter: Double) -> Duration {
    let ran = startedAt.map { now - $0 } ?? .zero
    recentFailures = ran >= Self.stablePeriod ? 1 : recentFailures + 1
    lastExit = exit
    phase = .waiting
    let exponent = min(recentFailures - 1, 8)
    let delay = min(Duration.seconds(30), .milliseconds(100 << exponent))
    return delay * jitter
  }

  /// It ended because another one is to take its place at once: no failure, and no restart.
  mutating func replace(after exit: String) {
    (lastExit, phase, hasStarted) = (exit, .waiting, false)
  }

  mutating func stop() { phase = .stopped }
}
