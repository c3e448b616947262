// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport
import Testing

/// An order to stop that is not taken.
@Suite(.timeLimit(.minutes(2)))
struct StopRefusalTests {
  @Test("a stop that is refused stops nothing; one with a reason does")
  func refused() async throws {
    let bench = try await ChannelBench("refused-stop")
    try await bench.start()
    let appliance = bench.appliance
    let pids = try appliance.status().components.compactMap(\.pid)
    try #require(!pids.isEmpty)
    for reason in [" ", String(repeating: "x", count: 401)] {
      let refused = try appliance.run("stop", "--reason", reason)
      #expect(
        refused.code != 0 && refused.errors.contains("a reason of at most 400 bytes"),
        "\(refused)")
    }
    // One that is told to end is gone well within this time.
    let hasEnded = await eventually(within: .seconds(5)) {
      pids.contains { kill(pid_t($0), 0) != 0 }
    }
    #expect(!hasEnded)
    #expect(try appliance.status().ready)
    #expect(try appliance.status().components.compactMap(\.pid) == pids)
    #expect(try await appliance.chat("hello").status == 200)
    let state = try appliance.run("incident")
    #expect(state.code == 0 && !state.output.contains("stopped since"), "\(state)")

    let stopped = try appliance.run("stop", "--reason", "maintenance")
    #expect(stopped.code == 0 && stopped.output.contains("stopped since"), "\(stopped)")
    #expect(pids.allSatisfy { kill(pid_t($0), 0) != 0 })
    // Whoever asks for what is not there learns why.
    let asked = try appliance.run("status")
    #expect(asked.code == 1 && asked.errors.contains("maintenance"), "\(asked)")
  }
}
