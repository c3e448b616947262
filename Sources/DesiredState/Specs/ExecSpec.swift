// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// The exec tool.
public struct ExecSpec: Sendable, Equatable {
  public var restrictWorkspace = true
  public var profiles: [String: ExecProfileSpec] = [:]

  public init() {}
}

extension ExecSpec: SpecSection, SpecNesting {
  package static var summary: String { "The exec tool: programs in a sandbox, never a shell." }

  package static let fields: [SpecField<Self>] = [
    SpecField(
      "restrictWorkspace", \.restrictWorkspace,
      "Confine commands to workspace and work repo. `false` fails the baseline guardrail."),
    SpecField(
      "profiles", \.profiles, "Programs that may be run, by name. Defaults to none."),
  ]
}

/// One program that `exec` may run, and within which limits.
public struct ExecProfileSpec: Sendable, Equatable {
  public var binary = ""
  public var subcommands: [String]?
  public var environment: [String] = []
  public var network = false
  public var writable = true
  public var timeout = SpecDuration(seconds: 60)
  public var memoryMiB = Count(512)
  public var processes = Count(64)
  public var outputKiB = Count(64)

  public init() {}
}

extension ExecProfileSpec: SpecSection, SpecNesting {
  package static var summary: String {
    "One program that `exec` may run, and within which limits."
  }

  package static let fields: [SpecField<Self>] = [
    SpecField("binary", \.binary, required: true, "Absolute path; no shell, no wrapper."),
    SpecField(
      "subcommands", \.subcommands, "What the first argument may be, exactly. Defaults to any."),
    SpecField(
      "environment", \.environment,
      "Variables as `NAME=value`; nothing else is in the program's environment but PATH, HOME, "
        + "LANG and TMPDIR."),
    SpecField("network", \.network, "Whether it reaches the network."),
    SpecField("writable", \.writable, "Whether it may change workspace and work repo."),
    SpecField("timeout", \.timeout, "Most time; then it is killed with all it started."),
    SpecField("memoryMiB", \.memoryMiB, "Most memory. MiB."),
    SpecField("processes", \.processes, "Most processes at a time."),
    SpecField("outputKiB", \.outputKiB, "Most output kept of each stream. KiB."),
  ]
}
