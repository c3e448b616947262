// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import DesiredState
import Tomb

/// What a command can tell of one secret. The value is let go at once.
enum SecretLook: Equatable {
  case resolves
  /// Only in the environment or among the credentials of the running appliance, which is ready.
  case held
  /// A token of the gateway that was made here is accepted in its place.
  case replaced
  case missing(String, hint: String?)

  /// - Throws: What keeps its place from being looked at.
  static func look(_ use: SecretReferences.Use, on host: Host) throws -> SecretLook {
    let found = try look(use.reference, on: host)
    guard case .missing = found, use.path == "gateway.auth.token",
      try host.acts.tokens()?.client(ClientToken.sharedName) != nil
    else { return found }
    return .replaced
  }

  static func look(_ reference: SecretReference, on host: Host) throws -> SecretLook {
    do {
      return try host.acts.resolve(reference).count > 0
        ? .resolves : .missing("\"\(reference)\" is empty", hint: nil)
    } catch let error as ApplianceError where error.code == .secretMissing {
      let isHeld = host.isRunning && host.status?.ready == true && reference.isHandedOver
      return isHeld ? .held : .missing(error.message, hint: error.hint)
    } catch let error as ApplianceError where error.code == .tombNotForYou {
      return .resolves
    }
  }
}

extension ApplianceError.Code {
  /// A secret reference does not resolve.
  static let secretMissing = Self("secret.missing")
}

extension SecretReference {
  /// Whether a process may get it when it is started, so that no other one sees it.
  fileprivate var isHandedOver: Bool {
    switch self {
    case .environment, .file: true
    case .tomb: false
    }
  }
}
