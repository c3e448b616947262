// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState

extension Check {
  /// A state that is not valid is never applied: the appliance stays as it is.
  static let desiredValid = Check(
    "desired.valid", "The desired state is valid", .high,
    reference: "runbook 5.1", remedy: "kafclaw validate in the repository, correct it and commit",
    detect: { host in
      let errors = host.desiredIssues.filter { $0.severity == .error }
      guard errors.isEmpty else {
        return Verdict(.fail, Findings.shortened(errors.map(\.description)))
      }
      guard let state = try host.desired.get() else { return .noDesiredState }
      return .pass("\"\(state.spec.appliance.name)\" is valid")
    })
}
