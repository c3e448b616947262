// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Check {
  /// An alert must reach somebody who is awake.
  static let goLiveEscalation = Check(
    "go-live.escalation", "The escalation path is defined", .medium, .goLive,
    reference: "runbook 5", remedy: "wait for a release that has it",
    detect: { _ in .notImplemented("nothing sends alerts to appliance.escalation") })
}
