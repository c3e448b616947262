// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import TestSupport
import Testing

/// One fault in one command, at any of its operations, and everything after it.
struct FaultStrike: Sendable {
  let bench: FaultBench
  let words: [String]
  let fault: Fault
  /// What is being applied when the fault strikes.
  var target = FaultBench.Commit.second

  var title: String { "\(words.joined(separator: " ")) of \(target), \(fault)" }

  /// What the fault could strike at: the operations of a run that nothing disturbs.
  func operations() throws -> [FaultState.Operation] {
    try bench.reset(waiting: target)
    let state = try bench.state()
    try state.arm(fault.counting, at: 0)
    let run = try bench.run(words, under: state)
    #expect(run.result.code == (target == .unhealthy ? 8 : 0), "\(run.lastWords)")
    return try state.operations
  }

  /// Strikes at each point of a sweep.
  ///
  /// - Parameter recoveries: Where the ways to come back begin, so that two sweeps take others.
  func sweep(_ sweep: Sweep, recoveries: Int) async throws {
    var covered = 0
    for (index, point) in sweep.points.enumerated() {
      let isHit = try await strike(at: point, sweep.recoveries(at: index + recoveries))
      covered += isHit ? 1 : 0
    }
    sweep.report(covered: covered)
    #expect(covered > 0 || sweep.points.isEmpty, "\(title)")
  }

  /// - Returns: Whether the fault struck; `false` when the run was over before.
  @discardableResult
  func strike(at point: Int, _ recoveries: [Recovery]) async throws -> Bool {
    guard let place = try await strike(at: point) else { return false }
    try bench.keepMoment()
    for (index, recovery) in recoveries.enumerated() {
      if index > 0 { try bench.goBack() }
      try recover(recovery, place)
    }
    return true
  }

  /// - Returns: Where the fault struck, for messages; `nil` when the run was over before.
  func strike(at point: Int) async throws -> String? {
    try bench.reset(waiting: target)
    let state = try bench.state()
    try state.arm(fault, at: point)
    let run = try bench.run(words, under: state)
    guard let hit = try state.operations.first(where: \.isHit) else { return nil }
    let place = "\(fault) at \(hit) (\(point)), exit \(run.result.code)"
    let complaints = try await Aftermath(bench: bench, target: target, words: words)
      .complaints(after: run, state)
    #expect(complaints.isEmpty, "\(place): \(complaints)")
    return place
  }

  func recover(_ recovery: Recovery, _ place: String) throws {
    let complaints = try Aftermath(bench: bench, target: target, words: words)
      .complaints(recovering: recovery)
    #expect(complaints.isEmpty, "\(place): \(complaints)")
  }
}
