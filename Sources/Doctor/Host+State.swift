// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Tomb

extension ApplianceError.Code {
  /// The desired state is not valid, so nothing can be told from it.
  static let desiredInvalid = Self("doctor.desired-invalid")
}

extension Host {
  /// The desired state; `nil` before there is one.
  ///
  /// - Throws: What kept it from being read, or `doctor.desired-invalid`.
  var validState: LoadedState? {
    get throws {
      if let state = try desired.get() { return state }
      guard let issue = desiredIssues.first(where: { $0.severity == .error }) else { return nil }
      throw ApplianceError(
        .desiredInvalid, "the desired state is not valid: \(issue)", hint: "kafclaw validate")
    }
  }

  /// Whether some client of the gateway has a token, declared or made here.
  ///
  /// - Throws: What keeps the made ones from being known.
  func hasToken(_ spec: ApplianceSpec) throws -> Bool {
    if spec.gateway.auth.token != nil { return true }
    return try acts.tokens()?.clients.contains { !$0.valid(at: now).isEmpty } ?? false
  }
}

extension Verdict {
  static let noDesiredState = Verdict.notApplicable("there is no desired state yet")
  static let notRunning = Verdict.notApplicable("no appliance is running")
}
