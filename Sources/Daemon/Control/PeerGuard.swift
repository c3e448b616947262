// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import DurableIO
import Glibc
import Hummingbird
import Logging
import NIOCore

extension ApplianceError.Code {
  /// Whoever asks may not use the control socket.
  static let callerRefused = Self("control.caller-refused")
}

/// The request context of the control socket: keeps the connection, to ask who is at its end.
struct ControlContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel
  /// Who asks; known once it was let in.
  var caller: UInt32?

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }
}

/// Lets in the owner of the appliance, and none of the appliance's own processes: a component that
/// was broken into must not become an operator.
///
/// In the system layout root and everybody whom the socket's group lets through are operators, but
/// for the users of components.
struct PeerGuard: RouterMiddleware {
  private let isShared: Bool
  /// Whether the appliance's own user has no process that could connect, but those of operators:
  /// components have other users, and a `source` process can make no unix socket.
  private let ownUserIsOperator: Bool
  private let components: Set<uid_t>

  init(_ bootstrap: BootstrapSpec, _ paths: AppliancePaths) throws {
    isShared = paths.isSystem
    components = try ComponentHosts.users(bootstrap.components)
    ownUserIsOperator = isShared && bootstrap.components.start == .systemd
  }

  /// Layout of `struct ucred` (unix(7)).
  private struct Credentials: Sendable {
    var pid: Int32 = 0
    var uid: UInt32 = 0
    var gid: UInt32 = 0
  }

  /// `SO_PEERCRED` of socket(7) on Linux.
  private static let peerCredentials: CInt = 17

  func handle(
    _ request: Request, context: ControlContext,
    next: (Request, ControlContext) async throws -> Response
  ) async throws -> Response {
    let peer = try await credentials(context.channel)
    if let objection = objection(to: peer) {
      return try respond(ApplianceError(.callerRefused, objection), status: .forbidden)
    }
    var context = context
    context.caller = peer?.uid
    return try await next(request, context)
  }

  /// Who is at the other end; `nil` when that cannot be told.
  private func credentials(_ channel: any Channel) async throws -> Credentials? {
    guard let provider = channel as? any SocketOptionProvider else { return nil }
    return try await provider.unsafeGetSocketOption(
      level: .socket, name: NIOBSDSocket.Option(rawValue: Self.peerCredentials)
    ).get()
  }

  /// Why whoever is at the other end is not let in; `nil` for the owner.
  private func objection(to peer: Credentials?) -> String? {
    guard let peer else { return "the caller cannot be identified" }
    guard peer.uid == geteuid() || isShared else {
      return "only the owner of the appliance may use this socket"
    }
    guard peer.uid == geteuid() || !components.contains(peer.uid) else {
      return "components may not use this socket"
    }
    // Processes of the appliance that have its own user. Of others not even the parent may show.
    let ancestry = peer.uid == geteuid() ? ProcessAncestry(of: peer.pid, below: getpid()) : .other
    guard ancestry == .other || ancestry == .hidden && ownUserIsOperator else {
      return "processes of the appliance may not use this socket"
    }
    return nil
  }
}

/// Who started a process, from `/proc/PID/stat`.
enum ProcessAncestry {
  case descendant
  case other
  /// It cannot be told: `/proc` hides processes (hidepid, proc(5)).
  case hidden

  /// - Parameter ancestor: Its descendants have its user.
  init(of pid: Int32, below ancestor: Int32) {
    var current = pid
    for _ in 0..<64 {
      if current == ancestor {
        self = .descendant
        return
      }
      guard current > 1 else {
        self = .other
        return
      }
      guard let parent = Self.parent(of: current) else {
        self = Self.isOthers(current) ? .other : .hidden
        return
      }
      current = parent
    }
    self = .descendant
  }

  /// Whether a process is there and belongs to another user.
  private static func isOthers(_ pid: Int32) -> Bool { kill(pid, 0) != 0 && errno == EPERM }

  private static func parent(of pid: Int32) -> Int32? {
    guard let file = fopen("/proc/\(pid)/stat", "re") else { return nil }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 1_024)
    let count = fread(&buffer, 1, buffer.count, file)
    let text = String(decoding: buffer[..<count], as: UTF8.self)
    // The name is in parentheses and may hold anything: the fields start after the last one.
    guard let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[end...].split(separator: " ")
    return fields.count > 2 ? Int32(fields[2]) : nil
  }
}
