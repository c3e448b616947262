// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
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

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }
}

/// Lets in the owner of the appliance, and none of the appliance's own processes: a component that
/// was broken into must not become an operator.
struct PeerGuard: RouterMiddleware {
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
    if let objection = try await objection(to: context.channel) {
      return try respond(ApplianceError(.callerRefused, objection), status: .forbidden)
    }
    return try await next(request, context)
  }

  /// Why whoever is at the other end is not let in; `nil` for the owner.
  private func objection(to channel: any Channel) async throws -> String? {
    guard let provider = channel as? any SocketOptionProvider else {
      return "the caller cannot be identified"
    }
    let peer: Credentials = try await provider.unsafeGetSocketOption(
      level: .socket, name: NIOBSDSocket.Option(rawValue: Self.peerCredentials)
    ).get()
    guard peer.uid == geteuid() else {
      return "only the owner of the appliance may use this socket"
    }
    guard !ProcessAncestry.isDescendant(peer.pid, of: getpid()) else {
      return "processes of the appliance may not use this socket"
    }
    return nil
  }
}

/// Who started whom, from `/proc/PID/stat`.
enum ProcessAncestry {
  /// Whether `pid` is a descendant of `ancestor`. What cannot be told counts as one.
  static func isDescendant(_ pid: Int32, of ancestor: Int32) -> Bool {
    var current = pid
    for _ in 0..<64 {
      if current == ancestor { return true }
      guard current > 1 else { return false }
      guard let parent = parent(of: current) else { return true }
      current = parent
    }
    return true
  }

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
