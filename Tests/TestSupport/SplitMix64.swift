// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation

/// A small random generator with a seed, so that a failure can be repeated (Steele, Lea and Flood,
/// "Fast splittable pseudorandom number generators", 2014).
public struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  public init(seed: UInt64) {
    state = seed
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A new seed for every run, printed; `KAFCLAW_TEST_SEED` repeats one.
  public static func seed(of test: String) -> UInt64 {
    let given = ProcessInfo.processInfo.environment["KAFCLAW_TEST_SEED"]
    let seed = given.flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
    print("\(test): KAFCLAW_TEST_SEED=\(seed)")
    return seed
  }
}
