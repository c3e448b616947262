// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import TestSupport
import Testing

extension FaultSuites {
  /// A disk fails while an appliance runs, and works again: no restart is needed.
  struct RecoveringDiskTests {
    private static let faults: [Fault] = [.brokenDisk, .fullDisk, .shortWrite, .readOnlyDisk]

    @Test(.timeLimit(FaultSuites.patience))
    func aRunningApplianceNeedsNoRestart() async throws {
      let bench = try FaultBench.shared()
      let all = try await operations(bench)
      for (number, fault) in Self.faults.enumerated() {
        let total = all.count { fault.operations.contains($0.kind) }
        let sweep = Sweep(
          "reconcile, \(fault)", over: total, wanted: 1, offset: number * 23 + 11)
        var covered = 0
        for point in sweep.points {
          let isHit = try await strike(fault, at: point, bench)
          covered += isHit ? 1 : 0
        }
        sweep.report(covered: covered)
        #expect(covered > 0, "\(fault)")
      }
    }

    /// What one pass of a running appliance does when nothing disturbs it.
    private func operations(_ bench: FaultBench) async throws -> [FaultState.Operation] {
      try bench.reset(waiting: .first)
      let state = try bench.state()
      let program = try await RunningProgram(bench, under: state)
      try bench.point(at: .second)
      try state.arm(Fault.brokenDisk.counting, at: 0)
      let run = try bench.run(["reconcile"])
      #expect(run.result.code == 0, "\(run.lastWords)")
      let operations = try state.operations
      program.stop()
      return operations
    }

    private func strike(_ fault: Fault, at point: Int, _ bench: FaultBench) async throws -> Bool {
      try bench.reset(waiting: .first)
      let state = try bench.state()
      let program = try await RunningProgram(bench, under: state)
      try bench.point(at: .second)
      try state.arm(fault, at: point)
      _ = try bench.run(["reconcile"])
      let hit = try state.operations.first(where: \.isHit)
      try state.disarm()
      guard let hit else { return false }
      let place = "\(fault) at \(hit) (\(point))"
      let run = try bench.run(["reconcile"])
      #expect(run.result.code == 0, "\(place): \(run.lastWords)")
      let (isReady, conditions) = (try program.status().ready, try program.status().conditions)
      #expect(isReady, "\(place): \(conditions)")
      program.stop()
      let image = try bench.image()
      #expect(try image.strangers(to: [bench.image(.second)]).isEmpty, "\(place)")
      #expect(image.torn.isEmpty, "\(place)")
      #expect(try bench.touchedForeignFiles().isEmpty, "\(place)")
      let complaints = try Aftermath(bench: bench).settled(.sameCommit)
      #expect(complaints.isEmpty, "\(place): \(complaints)")
      return true
    }
  }
}
