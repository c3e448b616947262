// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState

extension Check {
  /// An alert must reach somebody who is awake.
  static let goLiveEscalation = Check(
    "go-live.escalation", "The escalation path is defined", .medium, .goLive,
    reference: "runbook 5", remedy: "set appliance.escalation",
    detect: { host in
      guard let spec = try host.validState?.spec else {
        return Verdict(.fail, "no desired state is applied")
      }
      let count = spec.appliance.escalation.count
      return count > 0
        ? .pass("\(count) steps, \(Int(spec.monitoring.escalateAfter.seconds / 60)) minutes each")
        : Verdict(.fail, "appliance.escalation is empty: alerts reach nobody")
    })
}
