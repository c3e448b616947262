// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import Testing

/// Faults of disks and processes, one test after the other: each runs whole appliances.
///
/// `KAFCLAW_FAULT_SWEEP=all` strikes at every operation and comes back in every way, which takes
/// hours; a number strikes at so many operations of each sweep, spread evenly, and comes back in one
/// way from each; without it, at a few.
@Suite(.serialized) enum FaultSuites {
  private static let setting = ProcessInfo.processInfo.environment["KAFCLAW_FAULT_SWEEP"]

  static let isExhaustive = setting == "all"

  /// How many points of each sweep are wanted at least.
  static let density = setting.flatMap { Int($0) } ?? 0

  /// A hang shows long before: every run has its own limit.
  static let patience = TimeLimitTrait.Duration.minutes(setting == nil ? 10 : 720)
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
    let wanted = max(wanted, FaultSuites.density)
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
