// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState

extension Check {
  /// Somebody must be there to decide when something is wrong.
  static let goLiveIncidentOwner = Check(
    "go-live.incident-owner", "Somebody owns incidents", .medium, .goLive,
    reference: "runbook 5", remedy: "set appliance.incidentOwner",
    detect: { host in
      guard let owner = try host.validState?.spec.appliance.incidentOwner else {
        return Verdict(.fail, "appliance.incidentOwner is not set")
      }
      return .pass("incidents are owned by \(owner)")
    })
}
