// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import TestSupport
import Testing

extension FaultSuites {
  /// kill -9 at the journal of an apply with a prune: before, in the middle of and after every
  /// operation on it.
  struct JournalSweepTests {
    private static let journal = "reconciler/journal.jsonl"
    private static let cuts = [
      Fault(description: "kill -9 before", effect: .killBefore, isPowerCut: true),
      Fault(description: "kill -9 after", effect: .killAfter, isPowerCut: true),
      Fault(description: "kill -9 amid", effect: .killTorn, isPowerCut: true, operations: .write),
    ]

    @Test(.timeLimit(FaultSuites.patience))
    func everyStepOfAnApplyCanBeTheLast() async throws {
      try await sweep(.second, wanted: 2)
    }

    /// The same where the change is taken back: the journal of the apply and that of the return.
    @Test(
      .enabled(if: Product.goesBack, "needs a program that goes back to the last good state"),
      .timeLimit(FaultSuites.patience))
    func everyStepOfAReturnCanBeTheLast() async throws {
      try await sweep(.unhealthy, wanted: 1)
    }

    private func sweep(_ target: FaultBench.Commit, wanted: Int) async throws {
      let bench = try FaultBench.shared()
      let all = try strike(Self.cuts[0], target, bench).operations()
      #expect(all.count >= 10, "\(all)")
      for (number, cut) in Self.cuts.enumerated() {
        let strike = strike(cut, target, bench)
        let total = all.count { cut.operations.contains($0.kind) }
        try await strike.sweep(
          Sweep(
            "\(strike.title) a step of the journal", over: total, wanted: wanted,
            offset: number * 5), recoveries: number)
      }
    }

    private func strike(
      _ cut: Fault, _ target: FaultBench.Commit, _ bench: FaultBench
    ) -> FaultStrike {
      FaultStrike(
        bench: bench, words: ["run", "--once"], fault: cut.at(Self.journal), target: target)
    }

    /// What was done and could not be noted is still the appliance's own: a later commit can
    /// change it and take it away.
    @Test(.timeLimit(.minutes(5)), arguments: [Fault.brokenDisk, .powerCut])
    func whatCouldNotBeNotedIsStillOurs(fault: Fault) async throws {
      let bench = try FaultBench.shared()
      let strike = FaultStrike(bench: bench, words: ["run", "--once"], fault: fault)
      let place = try await strikeBeforeTheNote(of: Self.made, strike)
      try bench.keepMoment()
      for recovery in [Recovery.revertedCommit, .nextCommit] {
        try strike.recover(recovery, place)
        try bench.goBack()
      }
      // Also when it is first applied again, and taken away by the pass after that.
      try strike.recover(.sameCommit, place)
      try strike.recover(.revertedCommit, place)
    }

    /// Taking away, or changing, what an apply that was cut off had made can be cut off as well.
    @Test(.timeLimit(.minutes(5)), arguments: [Recovery.revertedCommit, .nextCommit])
    func aSecondPowerCutLosesNothing(recovery: Recovery) async throws {
      let bench = try FaultBench.shared()
      let strike = FaultStrike(bench: bench, words: ["run", "--once"], fault: .powerCut)
      let place = try await strikeBeforeTheNote(of: Self.made, strike)
      try bench.point(at: recovery.commit(.second))
      let state = try bench.state()
      var second = Fault.powerCut.at(Self.made)
      second.operations = [.remove, .rename]
      try state.arm(second, at: 1)
      _ = try bench.run(["run", "--once"], under: state)
      #expect(try state.hits == 1, "\(place)")
      try strike.recover(recovery, place)
    }

    /// A file that the second commit adds.
    private static let made = "workspace/docs/GUIDE.md"

    /// Strikes when a file is in its place and the journal does not say so yet.
    private func strikeBeforeTheNote(of file: String, _ strike: FaultStrike) async throws -> String
    {
      let operations = try strike.operations()
      let made = try #require(operations.first { $0.path.hasSuffix(file) })
      let noted = try #require(
        operations.first { operation in
          operation.number > made.number && operation.kind == .write
            && operation.path.hasSuffix(Self.journal)
        })
      return try #require(try await strike.strike(at: noted.number))
    }
  }
}
