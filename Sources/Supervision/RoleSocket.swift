// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CProcess
import DurableIO
import Foundation
import Glibc
public import Logging
import Synchronization

/// The door for one component that a service manager starts under a user of its own. The kernel says
/// who knocks (`SO_PEERCRED`, unix(7)); nobody else is let in.
public final class RoleSocket: ComponentStarter {
  private struct State {
    /// Came while nobody waited. A later one takes its place: a component has one process.
    var arrived: RoleConnection?
    var waiter: CheckedContinuation<RoleConnection, any Error>?
    var isCancelled = false
    /// Connections of others that were not told of.
    var refusals = 0
    var toldAt: ContinuousClock.Instant?
  }

  private let role: String
  private let path: String
  private let user: UInt32
  private let listener: Int32
  private let logger: Logger
  private let state = Mutex(State())

  /// Listens at once, until ``cancel()``.
  ///
  /// - Parameter user: Whom the component runs as.
  /// - Throws: `io.…` when the socket cannot be made.
  public init(_ role: String, path: String, user: UInt32, logger: Logger) throws {
    (self.role, self.path, self.user, self.logger) = (role, path, user, logger)
    listener = kafclaw_listen(path)
    guard listener >= 0 else { throw ApplianceError.system("listen on", path) }
    let thread = Thread { [self] in
      acceptAll()
      close(listener)
    }
    thread.name = "role-\(role)"
    thread.start()
  }

  public func start(
    folders: @Sendable () async -> [String]
  ) async throws -> any ComponentHandle {
    while true {
      let connection = try await next()
      let greeting = RoleGreeting(folders: await folders())
      do {
        try connection.greet(greeting)
        return connection
      } catch {
        logger.debug("a component went away", metadata: ["role": "\(role)"])
      }
    }
  }

  /// The next component that knocks.
  private func next() async throws -> RoleConnection {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let known: Result<RoleConnection, any Error>? = state.withLock { state in
          if state.isCancelled || Task.isCancelled { return .failure(Self.cancelled(role)) }
          if let arrived = state.arrived {
            state.arrived = nil
            if arrived.isOpen { return .success(arrived) }
            arrived.discard()
          }
          state.waiter = continuation
          return nil
        }
        if let known { continuation.resume(with: known) }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        defer { state.waiter = nil }
        return state.waiter
      }
      waiter?.resume(throwing: Self.cancelled(role))
    }
  }

  public func cancel() {
    let (waiter, arrived) = state.withLock { state in
      state.isCancelled = true
      defer { (state.waiter, state.arrived) = (nil, nil) }
      return (state.waiter, state.arrived)
    }
    waiter?.resume(throwing: Self.cancelled(role))
    arrived?.discard()
    // The thread that accepts wakes up, finds nobody to accept, and closes it.
    shutdown(listener, Int32(SHUT_RDWR))
    unlink(path)
  }

  private static func cancelled(_ role: String) -> ApplianceError {
    ApplianceError(.spawnFailed, "\(role) is not wanted any more")
  }

  private func acceptAll() {
    while true {
      let socket = accept(listener, nil, nil)
      guard socket >= 0 else {
        let passing = [EINTR, ECONNABORTED, EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(errno)
        guard passing, !state.withLock({ $0.isCancelled }) else { return }
        // Out of descriptors or memory: that passes, and nobody is to be kept busy by it.
        poll(nil, 0, 20)
        continue
      }
      _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
      guard let connection = admit(socket) else {
        close(socket)
        continue
      }
      pass(on: connection)
    }
  }

  private func admit(_ socket: Int32) -> RoleConnection? {
    var (pid, peer) = (pid_t(), uid_t())
    guard kafclaw_peer(socket, &pid, &peer) == 0 else { return nil }
    guard peer == user else {
      tellRefusal(peer, pid)
      return nil
    }
    return RoleConnection(pid: pid, socket: socket)
  }

  /// Once a minute, whoever it is: the log is not theirs to fill.
  private func tellRefusal(_ peer: uid_t, _ pid: pid_t) {
    let now = ContinuousClock().now
    let refusals: Int? = state.withLock { state in
      state.refusals += 1
      if let last = state.toldAt, now - last < .seconds(60) { return nil }
      state.toldAt = now
      defer { state.refusals = 0 }
      return state.refusals
    }
    guard let refusals else { return }
    logger.warning(
      "refused a connection",
      metadata: [
        "role": "\(role)", "user": "\(peer)", "pid": "\(pid)", "since-last": "\(refusals)",
      ])
  }

  private func pass(on connection: RoleConnection) {
    let (waiter, superseded) = state.withLock { state in
      let (waiter, earlier) = (state.waiter, state.arrived)
      state.waiter = nil
      state.arrived = waiter == nil && !state.isCancelled ? connection : nil
      return (waiter, waiter == nil && state.isCancelled ? connection : earlier)
    }
    waiter?.resume(returning: connection)
    superseded?.discard()
  }
}
