// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Testing

/// What comes back with which stage.
struct RestoreStagesTests {
  private static func spec(
    _ channels: [String: Int?], read: Int = 1, write: Int = 2, highRisk: Int = 3
  ) -> ApplianceSpec {
    var spec = ApplianceSpec()
    spec.channels = channels.mapValues { stage in
      var channel = ChannelSpec()
      channel.stage = stage.map { Stage($0) }
      return channel
    }
    spec.tools.stages.read = Stage(read)
    spec.tools.stages.write = Stage(write)
    spec.tools.stages.highRisk = Stage(highRisk)
    return spec
  }

  static let channels: [(Int, [String])] = [
    (0, []), (1, ["ci"]), (2, ["alerts", "ci", "team"]), (3, ["alerts", "ci", "team"]),
    (8, ["alerts", "ci", "team"]), (9, ["alerts", "ci", "ops", "team"]),
  ]

  @Test("channels of a stage and of those before it; without a stage never", arguments: channels)
  func channelsOfStage(stage: Int, expected: [String]) {
    let spec = Self.spec(["team": 2, "ci": 1, "ops": 9, "alerts": 2, "phone": nil])
    #expect(RestoreStages(spec).channels(upTo: stage) == expected)
  }

  static let tools: [(Int, [ToolTier])] = [
    (0, []), (1, [.read]), (2, [.read, .write]), (3, [.read, .write, .highRisk]),
    (9, [.read, .write, .highRisk]),
  ]

  @Test("tools come back as the specification says of itself", arguments: tools)
  func toolsOfStage(stage: Int, expected: [ToolTier]) {
    #expect(RestoreStages(ApplianceSpec()).tools(upTo: stage) == expected)
  }

  static let movedTools: [(Int, [ToolTier])] = [
    (0, []), (1, [.highRisk]), (3, [.highRisk]), (4, [.read, .write, .highRisk]),
  ]

  @Test("tools are sorted by their tier, whatever their stages", arguments: movedTools)
  func sortedTools(stage: Int, expected: [ToolTier]) {
    let spec = Self.spec([:], read: 4, write: 4, highRisk: 1)
    #expect(RestoreStages(spec).tools(upTo: stage) == expected)
  }

  @Test("nothing but stages makes a difference")
  func equality() {
    var one = Self.spec(["ci": 1])
    let same = RestoreStages(one)
    one.channels["ci"]?.requireMention = false
    one.channels["phone"] = ChannelSpec()
    #expect(RestoreStages(one) == same)
    one.channels["ci"]?.stage = Stage(2)
    #expect(RestoreStages(one) != same)
  }
}
