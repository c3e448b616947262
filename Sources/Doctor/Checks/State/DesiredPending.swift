// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState

extension Check {
  /// What asks for something that is not there yet is refused as a whole.
  static let desiredPending = Check(
    "desired.pending", "Every value of the desired state has an effect", .medium,
    reference: "runbook 5.1", remedy: "remove the values until a release gives them an effect",
    detect: { host in
      guard let state = try host.validState else { return .noDesiredState }
      return .of(
        Findings.shortened(state.pending.map(\.description)),
        otherwise: "every value that is set is read")
    })
}
