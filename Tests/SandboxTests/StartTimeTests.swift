// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Sandbox
import Testing

@Suite(.serialized)
struct StartTimeTests {
  @Test("a sandbox starts and ends in reasonable time", arguments: OutcomeTests.backends)
  func startTime(backend: Backend) throws {
    let times = try (0..<10).map { _ in
      try backend.runner.run(script("exit 0")).wallTime
    }
    let median = times.sorted()[5]
    print("\(backend.probe.backend): median \(median) ms of \(times)")
    #expect(median < 10_000)
  }
}
