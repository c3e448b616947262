// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Glibc
import Hummingbird
import Logging
import NIOCore

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
    guard let provider = context.channel as? any SocketOptionProvider else {
      throw HTTPError(.forbidden, message: "the caller cannot be identified")
    }
    let peer: Credentials = try await provider.unsafeGetSocketOption(
      level: .socket, name: NIOBSDSocket.Option(rawValue: Self.peerCredentials)
    ).get()
    guard peer.uid == geteuid() else {
      throw HTTPError(.forbidden, message: "only the owner of the appliance may use this socket")
    }
    guard !ProcessAncestry.isDescendant(peer.pid, of: getpid()) else {
      throw HTTPError(.forbidden, message: "processes of the appliance may not use this socket")
    }
    return try await next(request, context)
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
