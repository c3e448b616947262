// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Glibc
import Logging
import Supervision

/// Where the processes of the components come from on this host.
struct ComponentHosts: Sendable {
  let gateway: any ComponentStarter
  let agent: any ComponentStarter
  let tools: any ToolProcesses
  /// Waits for the process that runs tools; `nil` where the supervisor starts them itself.
  let toolHost: ToolHost?

  /// Every component a child of the supervisor.
  static var own: ComponentHosts {
    let environment = ProcessEnvironment.ofChildren
    return ComponentHosts(
      gateway: ChildStarter(.gateway, environment: environment),
      agent: ChildStarter(.agent, environment: environment),
      tools: OwnToolProcesses(environment: environment), toolHost: nil)
  }

  /// - Throws: `component.user-unknown`; what keeps a socket from being made.
  static func make(
    _ spec: ComponentsSpec, _ paths: AppliancePaths, _ logger: Logger
  ) throws -> ComponentHosts {
    guard spec.start == .systemd else { return .own }
    try prepareFolder(paths.roleSockets)
    func socket(_ role: String, _ user: String) throws -> RoleSocket {
      try RoleSocket(
        role, path: paths.roleSocket(role), user: try uid(of: user), logger: logger)
    }
    let host = ToolHost(door: try socket("tools", spec.toolsUser), logger: logger)
    return ComponentHosts(
      gateway: try socket("gateway", spec.gatewayUser),
      agent: try socket("agent", spec.agentUser), tools: host, toolHost: host)
  }

  /// Whom components run as beside the supervisor's own user.
  static func users(_ spec: ComponentsSpec) throws -> Set<uid_t> {
    guard spec.start == .systemd else { return [] }
    return Set(try [spec.gatewayUser, spec.agentUser, spec.toolsUser].map(uid))
  }

  /// Others may pass through it to the sockets, and do nothing else there. One that is there already
  /// says itself who may.
  private static func prepareFolder(_ path: String) throws {
    guard access(path, F_OK) != 0 else { return }
    try PrivateFolder.create(path)
    guard chmod(path, 0o711) == 0 else { throw ApplianceError.system("chmod", path) }
  }

  private static func uid(of user: String) throws -> uid_t {
    if let number = uid_t(user) { return number }
    guard let entry = getpwnam(user) else {
      throw ApplianceError(
        .userUnknown, "there is no user \"\(VisibleText.escape(user))\"",
        hint: "appliance.yaml: components.gatewayUser, agentUser, toolsUser")
    }
    return entry.pointee.pw_uid
  }
}

extension ApplianceError.Code {
  /// `appliance.yaml` names a user that this host does not have.
  static let userUnknown = Self("component.user-unknown")
}
