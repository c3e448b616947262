// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Testing

/// Faults of disks and processes, one test after the other: each runs whole appliances.
///
/// `KAFCLAW_FAULT_SWEEP=all` strikes at every operation and comes back in every way; without it,
/// at some that are spread evenly.
@Suite(.serialized) enum FaultSuites {
  static let isExhaustive =
    ProcessInfo.processInfo.environment["KAFCLAW_FAULT_SWEEP"] == "all"

  /// A hang shows long before: every run has its own limit.
  static let patience = TimeLimitTrait.Duration.minutes(isExhaustive ? 720 : 10)
}

/// The operations at which faults strike.
struct Sweep: Sendable {
  let title: String
  let total: Int
  let points: [Int]

  /// - Parameter wanted: How many points are enough, unless all are asked for.
  /// - Parameter offset: Keeps sweeps over the same operations from striking at the same ones.
  init(_ title: String, over total: Int, wanted: Int, offset: Int = 0) {
    self.title = title
    self.total = total
    guard !FaultSuites.isExhaustive, total > wanted else {
      points = total > 0 ? Array(1...total) : []
      return
    }
    // In the middle of equal parts, moved by the offset.
    points = (0..<wanted).map { part in
      1 + (part * total / wanted + total / (2 * wanted) + offset) % total
    }.sorted()
  }

  func report(covered: Int) { print("\(title): covered \(covered) of \(total) points") }

  /// The ways to come back from the `index`-th point.
  func recoveries(at index: Int) -> [Recovery] {
    let all = Recovery.allCases
    return FaultSuites.isExhaustive ? all : [all[index % all.count]]
  }
}
