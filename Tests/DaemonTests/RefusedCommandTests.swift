// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Testing
import Timeline

@testable import Daemon
@testable import DesiredState

/// The rules decide about a command before anybody looks at what it names.
struct RefusedCommandTests {
  @Test(
    "whoever may use no command learns nothing of profiles and files", arguments: [nil, "other"])
  func deniedFirst(profile: String?) async throws {
    try await withBench(.running("/usr/bin/cat")) { bench in
      try await bench.permitExec()
      try await bench.store.setToolPolicy(ToolPolicy(tiers: [.unknown: .write]))
      let name = profile ?? "look"
      let call = ToolCall(
        index: 0, tool: ToolName.exec,
        arguments: ["profile": .string(name), "arguments": ["notes"]])
      let id = try await bench.turn("w", asking: call)
      let verdict = try await bench.verdict(id, 0, "w")
      #expect(verdict == .denied("exec is denied by tools.tiers.unknown (above-tier)"))
      let decisions = try await bench.toolDecisions()
      #expect(decisions.map(\.verdict) == [.denied])
    }
  }
}
