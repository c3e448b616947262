// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// Random traffic of several tenants: nothing of one conversation is ever in a turn of another that
/// the session scope separates from it.
struct TenantSeparationTests {
  /// Random deeds of tenants, workers and operators in all lives together;
  /// `KAFCLAW_PROPERTY_CASES` asks for another number.
  private static let cases =
    ProcessInfo.processInfo.environment["KAFCLAW_PROPERTY_CASES"].flatMap(Int.init) ?? 10_000
  private static let seed = SplitMix64.seed(of: "tenants")
  private static let casesOfLife = 250
  private static let width = 8
  private static let lives = max(1, (cases + casesOfLife - 1) / casesOfLife)

  @Test("no turn holds what was said, read, approved or leased in another conversation")
  func separation() async throws {
    let sights = try await withThrowingTaskGroup(of: TenantLife.Sights.self) { group in
      // A few at a time: each has its timeline, whose flushes are what takes time.
      for number in 0..<min(Self.width, Self.lives) {
        group.addTask { try await Self.life(number) }
      }
      var (sum, next) = (TenantLife.Sights(), Self.width)
      for try await sights in group {
        sum.add(sights)
        guard next < Self.lives else { continue }
        group.addTask { [next] in try await Self.life(next) }
        next += 1
      }
      return sum
    }
    print("tenants: \(Self.lives) lives, \(sights)")
    guard Self.lives >= 4 else { return }
    #expect(sights.exchanges > 0 && sights.tainted > 0, "seed \(Self.seed): \(sights)")
    #expect(sights.parked > 0 && sights.approved > 0, "seed \(Self.seed): \(sights)")
    #expect(sights.strangers > 0, "seed \(Self.seed): \(sights)")
  }

  private static func life(_ number: Int) async throws -> TenantLife.Sights {
    var life = try TenantLife(number, seed: seed)
    try await life.live(min(casesOfLife, cases))
    return life.sights
  }
}
