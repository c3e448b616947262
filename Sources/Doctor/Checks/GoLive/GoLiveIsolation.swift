// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Check {
  /// What a skill runs must not be able to do what the appliance can.
  static let goLiveIsolation = Check(
    "go-live.isolation", "Skills and commands run isolated", .high, .goLive,
    reference: "runbook 5", remedy: "wait for a release that has it",
    detect: { _ in .notImplemented("nothing runs skills in the sandbox of skills.runtimeIsolation")
    })
}
