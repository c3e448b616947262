// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Sandbox
import Synchronization

/// What components give up before they do anything: files, ports and system calls they have no use
/// for. It holds for the rest of their lives, whoever takes them over.
public enum ComponentBorders {
  private static let report = Mutex<Confinement?>(nil)

  /// What holds in this process; `nil` where nothing was given up.
  static var current: Confinement? { report.withLock { $0 } }

  /// The first thing in a process, while it has one thread: Landlock holds for the thread that asks
  /// and for what it starts.
  ///
  /// - Parameter arguments: Of the process: `component ROLE SUPERVISOR [FOLDER...]`. Anything else
  ///   gives up nothing.
  public static func draw(_ arguments: [String]) {
    guard arguments.count >= 4, arguments[1] == "component",
      let rules = rules(of: arguments[2], folders: Array(arguments.dropFirst(4)))
    else { return }
    let held = ComponentConfinement.apply(rules)
    report.withLock {
      $0 = Confinement(
        landlock: held.landlockVersion, files: held.files, ports: held.ports, scopes: held.scopes,
        systemCalls: held.systemCalls, problems: held.problems)
    }
  }

  private static func rules(
    of role: String, folders: [String]
  ) -> ComponentConfinement.Rules? {
    switch role {
    // It answers requests and asks nobody but the supervisor, over the socket it was born with.
    case "gateway": ComponentConfinement.Rules(bindPorts: nil, connectPorts: [])
    // It asks providers and web pages, and works in the agent's two folders.
    case "agent": ComponentConfinement.Rules(writable: folders)
    default: nil
    }
  }
}
