// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Foundation
import TestSupport
import Testing

/// When failed authentications lock a network out, and for how long.
struct AuthenticationLimitTests {
  private static let start = Date(timeIntervalSince1970: 1_800_000_000)
  private var limit = AuthenticationLimit(windowStart: start)

  private func later(_ seconds: TimeInterval) -> Date { Self.start.addingTimeInterval(seconds) }

  /// Fails so often at once.
  ///
  /// - Returns: Which of the failures locked the network out, from 1 on.
  private mutating func fail(_ count: Int, at seconds: TimeInterval = 0) -> [Int] {
    var lockouts: [Int] = []
    for number in 1...count where limit.fail(at: later(seconds)) { lockouts.append(number) }
    return lockouts
  }

  private func isLocked(_ seconds: TimeInterval) -> Bool { limit.isLocked(at: later(seconds)) }

  @Test func aNewNetworkIsNotLocked() {
    #expect(!isLocked(0) && !isLocked(-9_000) && !isLocked(9_000))
    #expect(limit.failures == 0 && limit.lockedUntil == nil)
  }

  @Test mutating func theTenthFailureOfAWindowLocks() {
    #expect(fail(9) == [])
    #expect(!isLocked(0))
    #expect(fail(1, at: 59.5) == [1])
    #expect(isLocked(59.5) && isLocked(119.25) && !isLocked(119.5))
  }

  @Test mutating func failuresOfAnotherWindowDoNotCount() {
    #expect(fail(9) == [])
    #expect(fail(9, at: 60) == [])
    #expect(fail(9, at: 120) == [])
    #expect(!isLocked(120) && limit.lockedUntil == nil)
    #expect(fail(1, at: 179.5) == [1])
  }

  /// One failure in seven seconds never is too many.
  @Test mutating func whoFailsSlowlyIsNotLockedOut() {
    for step in 0..<10_000 { #expect(fail(1, at: TimeInterval(step) * 7) == []) }
  }

  @Test mutating func eachLockoutIsTwiceAsLongAsTheOneBefore() {
    var time: TimeInterval = 0
    for length in [60.0, 120, 240, 480, 900, 900, 900] {
      #expect(fail(10, at: time) == [10])
      #expect(isLocked(time) && isLocked(time + length - 0.5) && !isLocked(time + length))
      time += length
    }
  }

  /// However long it goes on.
  @Test mutating func noLockoutIsLongerThanTheLongest() {
    var time: TimeInterval = 0
    for _ in 0..<3_000 {
      #expect(fail(10, at: time) == [10])
      #expect(limit.lockedUntil.map { $0 <= later(time + 900) } == true)
      time += 900
    }
    #expect(limit.lockouts == 1_000)
  }

  @Test mutating func afterAnHourWithoutAFailureALockoutIsForgiven() {
    #expect(fail(10) == [10])
    #expect(fail(10, at: 60) == [10])
    #expect(limit.lockedUntil == later(180))
    var forgiven = self
    #expect(fail(10, at: 180 + 3_599) == [10])
    #expect(limit.lockedUntil == later(180 + 3_599 + 240))
    #expect(forgiven.fail(10, at: 180 + 3_600) == [10])
    #expect(forgiven.limit.lockedUntil == later(180 + 3_600 + 60))
  }

  @Test mutating func failuresThatDoNotLockPutForgivenessOff() {
    #expect(fail(10) == [10])
    for time in [3_000.0, 6_000, 9_000] { #expect(fail(1, at: time) == []) }
    #expect(fail(10, at: 12_000) == [10])
    #expect(limit.lockedUntil == later(12_120))
  }

  // MARK: The clock

  @Test mutating func aClockThatWasSetBackProlongsNothing() {
    #expect(fail(10) == [10])
    #expect(isLocked(-840) && !isLocked(-841) && !isLocked(-86_400))
    // Failures count from there on as ever.
    #expect(fail(9, at: -86_400) == [])
    #expect(!isLocked(-86_400) && !isLocked(0))
    #expect(fail(1, at: -86_400) == [1])
    #expect(isLocked(-86_400) && !isLocked(-86_400 + 900) && !isLocked(0))
  }

  @Test mutating func failuresBeforeTheClockWasSetBackStillCount() {
    #expect(fail(9) == [])
    #expect(fail(1, at: -3_600) == [1])
    #expect(isLocked(-3_600) && !isLocked(-3_540))
  }

  @Test mutating func aClockThatWasSetForwardEndsALockout() {
    #expect(fail(10) == [10])
    #expect(!isLocked(86_400))
    #expect(fail(10, at: 86_400) == [10])
    #expect(limit.lockedUntil == later(86_460))
  }

  /// Numbers as a damaged file may have them.
  @Test(arguments: [0, 11, Int.max], [-1, 0, 62, 64, Int.max, Int.min])
  mutating func impossibleNumbersEndInALockout(failures: Int, lockouts: Int) {
    limit = AuthenticationLimit(
      failures: failures, windowStart: .distantFuture, lockouts: lockouts,
      lockedUntil: .distantFuture)
    #expect(!isLocked(0))
    for _ in 0..<20 { _ = limit.fail(at: Self.start) }
    #expect(isLocked(0) && !isLocked(900))
  }

  /// Whatever the clock does: who stops failing is let in again after the longest lock-out.
  @Test mutating func nobodyIsLockedLongerThanTheLongestLockoutFromTheLastFailure() {
    var random = SplitMix64(seed: SplitMix64.seed(of: "authentication limit"))
    for _ in 0..<300 {
      limit = AuthenticationLimit(windowStart: Self.start)
      var time: TimeInterval = 0
      for _ in 0..<200 {
        time += Self.step(using: &random)
        // As the timeline does it: what fails during a lock-out is not counted against it.
        if isLocked(time) { continue }
        let now = later(time)
        let isLockout = limit.fail(at: now)
        #expect(isLockout == isLocked(time))
        #expect(limit.failures < AuthenticationLimit.failureLimit)
        for probe in [
          900, 901, 1_800, 90_000, TimeInterval.random(in: 900...9_000, using: &random),
        ] {
          #expect(!limit.isLocked(at: now.addingTimeInterval(probe)), "\(time) + \(probe)")
        }
      }
    }
  }

  /// Mostly some seconds on, sometimes far, and sometimes back.
  private static func step(using random: inout SplitMix64) -> TimeInterval {
    switch Int.random(in: 0...19, using: &random) {
    case 0: .random(in: -7_200...0, using: &random)
    case 1: .random(in: -1_000...1_000, using: &random)
    case 2: .random(in: 0...7_200, using: &random)
    default: .random(in: 0...6, using: &random)
    }
  }

  @Test mutating func aLimitComesBackFromItsStoredForm() throws {
    _ = fail(13)
    let bytes = try ApplianceJSON.encode(limit)
    #expect(try ApplianceJSON.decode(AuthenticationLimit.self, from: bytes) == limit)
    let lock = NetworkLock(until: later(60), clients: ["bot", "gateway"])
    let coded = try ApplianceJSON.encode(lock)
    #expect(try ApplianceJSON.decode(NetworkLock.self, from: coded) == lock)
  }
}
