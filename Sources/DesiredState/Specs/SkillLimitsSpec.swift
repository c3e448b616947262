// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The most that scripts of skills may use, whatever their packages ask for.
public struct SkillLimitsSpec: Sendable, Equatable {
  public var network = false
  public var timeout = SpecDuration(seconds: 30)
  public var memoryMiB = Count(256)
  public var processes = Count(32)
  public var outputKiB = Count(64)

  public init() {}
}

extension SkillLimitsSpec: SpecSection, SpecNesting {
  package static var summary: String {
    "The most that scripts of skills may use, whatever their packages ask for."
  }

  package static let fields: [SpecField<Self>] = [
    SpecField("network", \.network, "Whether a skill that asks for it reaches the network."),
    SpecField("timeout", \.timeout, "Most time; then it is killed with all it started."),
    SpecField("memoryMiB", \.memoryMiB, "Most memory. MiB."),
    SpecField("processes", \.processes, "Most processes at a time."),
    SpecField("outputKiB", \.outputKiB, "Most output kept of each stream. KiB."),
  ]
}
