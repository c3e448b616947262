// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import FoundationEssentials
import Testing

/// Whether an order gives something back.
struct ContainmentTests {
  struct Case: Sendable, CustomStringConvertible {
    let channels: [String]
    let tools: [ToolTier]
    let heldChannels: [String]
    let heldTools: [ToolTier]
    let opens: Bool

    init(
      _ channels: [String], _ tools: [ToolTier], beside heldChannels: [String],
      _ heldTools: [ToolTier], opens: Bool
    ) {
      (self.channels, self.tools) = (channels, tools)
      (self.heldChannels, self.heldTools, self.opens) = (heldChannels, heldTools, opens)
    }

    var description: String { "\(channels) \(tools) beside \(heldChannels) \(heldTools)" }
  }

  static let cases = [
    Case([], [], beside: [], [], opens: false),
    Case(["a"], [], beside: [], [], opens: true),
    Case([], [.read], beside: [], [], opens: true),
    Case(["a"], [.read], beside: ["a"], [.read], opens: false),
    Case(["b", "a"], [.write, .read], beside: ["a", "b"], [.read, .write], opens: false),
    Case(["a", "a"], [], beside: ["a"], [], opens: false),
    Case([], [], beside: ["a"], [.read], opens: false),
    Case(["a"], [], beside: ["a", "b"], [.read, .write], opens: false),
    // One for another is as much as before, and yet something that was closed.
    Case(["b"], [], beside: ["a"], [], opens: true),
    Case([], [.highRisk], beside: [], [.read, .write], opens: true),
    // Channels are closed, tools are opened, and the other way round.
    Case([], [.read], beside: ["a", "b"], [], opens: true),
    Case(["a"], [], beside: [], [.read, .write, .highRisk], opens: true),
    // Names are compared byte by byte.
    Case(["A"], [], beside: ["a"], [], opens: true),
  ]

  private func containment(
    _ channels: [String], _ tools: [ToolTier], level: Containment.Level = .all, stage: Int = 1,
    version: Int = 1
  ) -> Containment {
    Containment(
      id: "i", level: level, reason: "why", by: "operator:0", since: .distantPast, stage: stage,
      channels: channels, tools: tools, version: version)
  }

  @Test("it opens what works with it and did not before", arguments: cases)
  func opens(row: Case) {
    let held = containment(row.heldChannels, row.heldTools)
    #expect(containment(row.channels, row.tools).opens(beside: held) == row.opens)
  }

  @Test("numbers alone open nothing: a higher stage may hold less", arguments: [0, 1, 9])
  func numbers(stage: Int) {
    let held = containment(["a"], [.read], stage: 1)
    for level in Containment.Level.allCases {
      let same = containment(["a"], [.read], level: level, stage: stage, version: 7)
      #expect(!same.opens(beside: held))
      #expect(!containment([], [], level: level, stage: stage).opens(beside: held))
      #expect(containment(["b"], [], level: level, stage: stage).opens(beside: held))
    }
  }
}
