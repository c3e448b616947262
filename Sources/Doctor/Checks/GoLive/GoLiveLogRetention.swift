// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Check {
  /// Logs that stay for ever are a risk of their own.
  static let goLiveLogRetention = Check(
    "go-live.log-retention", "Log retention is defined", .medium, .goLive,
    reference: "runbook 5", remedy: "wait for a release that has it",
    detect: { _ in .notImplemented("nothing removes what is older than logs.retention") })
}
