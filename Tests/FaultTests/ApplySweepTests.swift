// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import TestSupport
import Testing

extension FaultSuites {
  /// One apply with a prune in it, with a fault at each of its file operations: after the next
  /// start the appliance is in the new state or in the last good one.
  struct ApplySweepTests {
    @Test(.timeLimit(FaultSuites.patience))
    func aRunningApplianceSurvivesEveryFault() async throws {
      try await sweep(
        ["run", "--once"],
        [
          (.brokenDisk, 2), (.powerCut, 2), (.fullDisk, 1), (.shortWrite, 1), (.tornWrite, 1),
          (.deadProcess, 1), (.readOnlyDisk, 1),
        ])
    }

    @Test(.timeLimit(FaultSuites.patience))
    func aStoppedApplianceSurvivesEveryFault() async throws {
      try await sweep(["apply"], [(.brokenDisk, 1), (.powerCut, 1), (.fullDisk, 1)])
    }

    private func sweep(_ words: [String], _ faults: [(fault: Fault, wanted: Int)]) async throws {
      let bench = try FaultBench.shared()
      let all = try FaultStrike(bench: bench, words: words, fault: .brokenDisk).operations()
      for (number, (fault, wanted)) in faults.enumerated() {
        let strike = FaultStrike(bench: bench, words: words, fault: fault)
        let total = all.count { fault.operations.contains($0.kind) }
        try await strike.sweep(
          Sweep(strike.title, over: total, wanted: wanted, offset: number * 31 + 17),
          recoveries: number)
      }
    }
  }
}
