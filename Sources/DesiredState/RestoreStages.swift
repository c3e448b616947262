// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// What comes back with which stage after an incident. What has no stage comes back at the end.
public struct RestoreStages: Sendable, Equatable {
  private let byChannel: [String: Int]
  private let byTool: [ToolTier: Int]

  public init(_ spec: ApplianceSpec) {
    byChannel = spec.channels.compactMapValues { $0.stage?.value }
    let stages = spec.tools.stages
    byTool = [
      .read: stages.read.value, .write: stages.write.value, .highRisk: stages.highRisk.value,
    ]
  }

  /// Channels of this stage and of those before it, sorted.
  public func channels(upTo stage: Int) -> [String] {
    byChannel.filter { $0.value <= stage }.keys.sorted()
  }

  /// Tools of this stage and of those before it, sorted.
  public func tools(upTo stage: Int) -> [ToolTier] {
    byTool.filter { $0.value <= stage }.keys.sorted()
  }
}
