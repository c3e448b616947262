// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState

/// Settings that are safe whatever the appliance is for.
extension Proposal {
  /// - Returns: `nil` where a variable decides: no commit changes that.
  static func setting(
    _ path: String, _ value: JSONValue, because reason: String, in state: LoadedState
  ) -> Proposal? {
    if case .environment = state.origin(of: path)?.origin { return nil }
    return Proposal(path, value, because: reason)
  }

  static func loopback(of state: LoadedState) -> Proposal? {
    setting(
      "gateway.host", "127.0.0.1", because: "only this host reaches the gateway then", in: state)
  }

  static func restricted(_ state: LoadedState) -> Proposal? {
    setting(
      "tools.exec.restrictWorkspace", true, because: "commands stay in workspace and work repo",
      in: state)
  }

  static func readOnly(_ state: LoadedState) -> Proposal? {
    setting(
      "tools.tiers.external", "read", because: "external senders get no more than reading tools",
      in: state)
  }

  /// - Parameter path: The `dmPolicy` of a channel.
  static func allowList(_ path: String, _ state: LoadedState) -> Proposal? {
    setting(path, "allowlist", because: "unknown senders are denied", in: state)
  }
}
