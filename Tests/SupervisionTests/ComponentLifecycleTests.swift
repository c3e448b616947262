// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Testing

@testable import Supervision

/// The life of one process as a value: phases, backoff, crash loops.
struct ComponentLifecycleTests {
  /// Starts, runs for `time` and ends; returns the wait before the next start.
  private func live(
    _ lifecycle: inout ComponentLifecycle, from start: Duration, for time: Duration,
    jitter: Double = 1
  ) -> Duration {
    lifecycle.start()
    lifecycle.run(pid: 7, at: start)
    return lifecycle.end("exited with 1", at: start + time, jitter: jitter)
  }

  @Test func phasesFollowEachOther() {
    var lifecycle = ComponentLifecycle()
    #expect(lifecycle.phase == .idle)
    lifecycle.start()
    #expect(lifecycle.phase == .starting)
    lifecycle.run(pid: 42, at: .zero)
    #expect(lifecycle.phase == .running(pid: 42))
    _ = lifecycle.end("was ended by signal 9", at: .seconds(1), jitter: 1)
    #expect(lifecycle.phase == .waiting)
    #expect(lifecycle.lastExit == "was ended by signal 9")
    lifecycle.start()
    #expect(lifecycle.phase == .starting)
    lifecycle.stop()
    #expect(lifecycle.phase == .stopped)
  }

  @Test func firstStartIsNoRestart() {
    var lifecycle = ComponentLifecycle()
    for count in 0...3 {
      _ = live(&lifecycle, from: .seconds(count), for: .zero)
      #expect(lifecycle.restarts == count)
    }
  }

  @Test func startThatNeverRanCountsToo() {
    var lifecycle = ComponentLifecycle()
    for count in 0...3 {
      lifecycle.start()
      #expect(lifecycle.restarts == count)
      _ = lifecycle.end("could not be started", at: .seconds(count), jitter: 1)
    }
  }

  @Test func waitDoublesUpToItsLimit() {
    var lifecycle = ComponentLifecycle()
    let waits = (0..<12).map { live(&lifecycle, from: .seconds($0), for: .milliseconds(5)) }
    let doubled = (0...8).map { Duration.milliseconds(100 << $0) }
    #expect(Array(waits.prefix(9)) == doubled)
    #expect(waits.dropFirst(9).allSatisfy { $0 == .milliseconds(25_600) })
  }

  @Test(arguments: [0.5, 0.75, 1.0, 1.25, 1.5])
  func jitterStretchesTheWaitWithinBounds(jitter: Double) {
    var lifecycle = ComponentLifecycle()
    for failure in 0..<1_000 {
      let wait = live(&lifecycle, from: .seconds(failure), for: .zero, jitter: jitter)
      #expect(wait >= .milliseconds(50))
      #expect(wait <= .seconds(45))
    }
  }

  @Test(arguments: [(1, false), (2, false), (3, true), (4, true)])
  func threeEndsInARowAreACrashLoop(ends: Int, isLooping: Bool) {
    var lifecycle = ComponentLifecycle()
    for number in 1...ends { _ = live(&lifecycle, from: .seconds(number), for: .seconds(1)) }
    #expect(lifecycle.isCrashLooping == isLooping)
    #expect(lifecycle.recentFailures == ends)
  }

  @Test func stablePeriodForgivesEarlierEnds() {
    var lifecycle = ComponentLifecycle()
    for number in 0..<6 { _ = live(&lifecycle, from: .seconds(number), for: .zero) }
    #expect(lifecycle.isCrashLooping)
    let period = ComponentLifecycle.stablePeriod
    let justShort = live(&lifecycle, from: .seconds(100), for: period - .nanoseconds(1))
    #expect(justShort == .milliseconds(6_400))
    #expect(lifecycle.isCrashLooping)
    let wait = live(&lifecycle, from: .seconds(200), for: period)
    #expect(wait == .milliseconds(100))
    #expect(lifecycle.recentFailures == 1)
    #expect(!lifecycle.isCrashLooping)
    #expect(lifecycle.restarts == 7)
  }

  /// The time since a start long ago is not a time that this process ran.
  @Test func processThatNeverRanWasNotStable() {
    var lifecycle = ComponentLifecycle()
    _ = live(&lifecycle, from: .zero, for: .seconds(100))
    #expect(lifecycle.recentFailures == 1)
    var waits: [Duration] = []
    for number in 1...4 {
      lifecycle.start()
      waits.append(
        lifecycle.end("could not be started", at: .seconds(100 * (number + 1)), jitter: 1))
    }
    #expect(waits == [200, 400, 800, 1_600].map { Duration.milliseconds($0) })
    #expect(lifecycle.isCrashLooping)
  }

  @Test func stoppedProcessIsStopped() {
    var lifecycle = ComponentLifecycle()
    lifecycle.stop()
    #expect(lifecycle.phase == .stopped)
    #expect(lifecycle.restarts == 0)
    #expect(lifecycle.lastExit == nil)
  }
}
