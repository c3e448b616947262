// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import TestSupport
import Testing

extension FaultSuites {
  /// A power cut in the middle of a replacement leaves a temporary file; the next start clears up.
  struct LeftoverTests {
    @Test(.timeLimit(FaultSuites.patience))
    func nothingIsLeftBehindByAPowerCut() async throws {
      let bench = try FaultBench.shared()
      let strike = FaultStrike(
        bench: bench, words: ["run", "--once"], fault: Fault.powerCut.at(".tmp"))
      let names = try strike.operations()
      // Flushing comes right before the rename: everything is there by then.
      let flushes = names.filter { $0.kind == .flush }
      #expect(flushes.count >= 4, "\(names)")
      let sweep = Sweep("left behind by a power cut", over: flushes.count, wanted: 2)
      for point in sweep.points {
        let place = try #require(try await strike.strike(at: flushes[point - 1].number))
        #expect(try !bench.image().leftovers.isEmpty, "\(place)")
        _ = try bench.run(["run", "--once"])
        let left = try bench.image().leftovers.filter { !$0.hasPrefix(".kafclaw/source.git/") }
        #expect(left.isEmpty, "\(place)")
      }
      sweep.report(covered: sweep.points.count)
    }
  }
}
