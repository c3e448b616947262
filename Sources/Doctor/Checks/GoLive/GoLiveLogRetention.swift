// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState

extension Check {
  /// Logs that stay for ever are a risk of their own.
  static let goLiveLogRetention = Check(
    "go-live.log-retention", "Log retention is defined", .medium, .goLive,
    reference: "runbook 5", remedy: "set logs.retention, as in 30d",
    detect: { host in
      guard let retention = try host.validState?.spec.logs.retention else {
        return Verdict(.fail, "logs.retention is not set: messages stay for ever")
      }
      return .pass("what is over is removed after \(retention.seconds / 86_400) days")
    })
}
