// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Sandbox
import Supervision
import Synchronization

/// What components give up before they do anything: files, ports and system calls they have no use
/// for. It holds for the rest of their lives, whoever takes them over.
public enum ComponentBorders {
  private struct State {
    var report: Confinement?
    var folders: [String] = []
  }

  private static let state = Mutex(State())

  /// What holds in this process; `nil` where nothing was given up.
  static var current: Confinement? { state.withLock { $0.report } }
  /// What this process may work with: folders of an agent, ports of a gateway's platforms.
  static var folders: [String] { state.withLock { $0.folders } }

  /// The first thing in a process, while it has one thread: Landlock holds for the thread that asks
  /// and for what it starts.
  ///
  /// - Parameter arguments: Of the process: `component ROLE SUPERVISOR [FOLDER...]`, or `component
  ///   ROLE --socket PATH`, which connects and is told its folders. Anything else gives up nothing.
  /// - Throws: `process.failed` when there is no supervisor to connect to.
  public static func draw(_ arguments: [String]) throws {
    guard arguments.count >= 4, arguments[1] == "component" else { return }
    let isAttached = arguments[3] == "--socket" && arguments.count == 5
    let folders =
      isAttached ? try RoleAttachment.attach(to: arguments[4]) : Array(arguments.dropFirst(4))
    state.withLock { $0.folders = folders }
    guard let rules = rules(of: arguments[2], folders: folders) else { return }
    let held = ComponentConfinement.apply(rules)
    state.withLock {
      $0.report = Confinement(
        landlock: held.landlockVersion, files: held.files, ports: held.ports, scopes: held.scopes,
        systemCalls: held.systemCalls, problems: held.problems)
    }
  }

  private static let sourceRules = {
    var rules = ComponentConfinement.Rules()
    (rules.usesUnixSockets, rules.confinesFiles) = (false, false)
    return rules
  }()

  private static func rules(
    of role: String, folders: [String]
  ) -> ComponentConfinement.Rules? {
    switch role {
    // It answers requests, and asks the platforms of its chat channels; what it may work with are
    // their ports.
    case "gateway":
      ComponentConfinement.Rules(
        bindPorts: nil, connectPorts: folders.compactMap { UInt16($0) })
    // It asks providers and web pages, and works in the agent's two folders.
    case "agent": ComponentConfinement.Rules(writable: folders)
    // It reads what nobody has vouched for, as the supervisor's user: no program, no terminal, and
    // not the supervisor's control socket.
    case "source": sourceRules
    default: nil
    }
  }
}
