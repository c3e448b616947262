// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState

extension Check {
  /// A command that may work anywhere reads the secrets of its user, and writes what it likes.
  static let toolsRestrictWorkspace = Check(
    "tools.restrict-workspace", "Commands of the agent stay in workspace and work repo", .critical,
    .security, reference: "runbook 2",
    remedy: "remove tools.exec.restrictWorkspace or set it to true; unset the variable",
    propose: { host in
      guard let state = try host.validState, !state.spec.tools.exec.restrictWorkspace else {
        return []
      }
      return [.restricted(state)].compactMap { $0 }
    },
    detect: { host in
      let state = try host.validState
      let problems = [state.flatMap(Restriction.problem), Restriction.problem(host.environment)]
      let found = problems.compactMap { $0 }
      if found.isEmpty, state == nil { return .noDesiredState }
      return .of(found, otherwise: "tools.exec.restrictWorkspace is true")
    })
}

private enum Restriction {
  static let path = "tools.exec.restrictWorkspace"
  static let variable = "KAFCLAW_TOOLS_EXEC_RESTRICT_WORKSPACE"

  static func problem(_ state: LoadedState) -> String? {
    guard !state.spec.tools.exec.restrictWorkspace else { return nil }
    let origin = state.origin(of: path)?.origin
    return "\(path) is false\(origin.map { " (\($0))" } ?? "")"
  }

  /// An appliance that is started from here would take it.
  static func problem(_ environment: [String: String]) -> String? {
    environment[variable] == "false" ? "\(variable) is false in this environment" : nil
  }
}
