// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Check {
  /// What nobody watches is noticed too late.
  static let goLiveMonitoring = Check(
    "go-live.monitoring", "Unusual use raises an alert", .medium, .goLive,
    reference: "runbook 5", remedy: "wait for a release that has it",
    detect: { _ in .notImplemented("nothing compares use with the thresholds of monitoring") })
}
