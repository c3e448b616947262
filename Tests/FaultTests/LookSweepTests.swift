// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Glibc
import TestSupport
import Testing

extension FaultSuites {
  /// One look at a file fails while nothing is to be done: nothing is done.
  struct LookSweepTests {
    private static let faults = [
      Fault(description: "one EACCES", effect: .error, error: EACCES, operations: .looks),
      Fault(description: "one EIO", effect: .error, error: EIO, operations: .looks),
    ]

    /// Nothing is to be done, and one look at anything fails.
    @Test(.timeLimit(FaultSuites.patience))
    func aFailedLookChangesNothing() async throws {
      let bench = try FaultBench.shared()
      for (number, fault) in Self.faults.enumerated() {
        let strike = FaultStrike(
          bench: bench, words: ["run", "--once"], fault: fault, target: .first)
        let looks = try strike.operations().count
        let sweep = Sweep(strike.title, over: looks, wanted: 2, offset: number * 11 + 5)
        try bench.reset(waiting: .first)
        let before = try bench.ownFiles()
        var covered = 0
        for point in sweep.points {
          guard let place = try await strike.strike(at: point) else { continue }
          covered += 1
          #expect(try bench.ownFiles() == before, "\(place)")
          let run = try bench.run(["run", "--once"])
          #expect(run.result.code == 0, "\(place): \(run.lastWords)")
          #expect(try bench.ownFiles() == before, "\(place)")
        }
        sweep.report(covered: covered)
        #expect(covered > 0)
      }
    }
  }
}
