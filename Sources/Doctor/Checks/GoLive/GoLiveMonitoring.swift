// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState

extension Check {
  /// What nobody watches is noticed too late.
  static let goLiveMonitoring = Check(
    "go-live.monitoring", "Unusual use raises an alert", .medium, .goLive,
    reference: "runbook 5", remedy: "set the thresholds of monitoring to more than 0",
    detect: { host in
      guard let monitoring = try host.validState?.spec.monitoring else {
        return Verdict(.fail, "no desired state is applied")
      }
      let off = [
        ("unknownSenders", monitoring.unknownSenders), ("authFailures", monitoring.authFailures),
        ("highRiskAttempts", monitoring.highRiskAttempts),
        ("tokenSpikePercent", monitoring.tokenSpikePercent),
      ].filter { $0.1.value == 0 }.map { "monitoring.\($0.0)" }
      return off.isEmpty
        ? .pass("all four signals of the runbook are watched")
        : Verdict(.fail, "switched off: \(off.joined(separator: ", "))")
    })
}
