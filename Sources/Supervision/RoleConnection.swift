// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import CProcess
import Foundation
import Glibc
import Synchronization

/// What the supervisor says first to a component that knocked: what it needs before it has a second
/// thread.
struct RoleGreeting: Codable, Equatable {
  /// Where it may work.
  let folders: [String]

  /// Bytes of the longest line.
  static let limit = 65_536

  /// One line of JSON.
  func line() throws -> [UInt8] { try ApplianceJSON.encode(self) + [UInt8(ascii: "\n")] }
}

/// A component that connected by itself: a process of another user, which can be watched, and
/// disconnected, but not signalled. It ends itself when its connection ends; one that does not
/// counts as ended a few seconds later, so that nothing here waits for it for ever.
final class RoleConnection: ComponentHandle {
  /// How long a process that was hung up on may take. Milliseconds.
  private static let patience: Int32 = 5_000

  private struct State {
    var outcome: String?
    var waiters: [CheckedContinuation<String, Never>] = []
  }

  let pid: Int32
  let socket: Int32
  /// The same connection again, as long as this object lives: `socket` belongs to its link.
  private let own: Int32
  private let watched: Int32
  private let state = Mutex(State())

  /// - Returns: `nil` when the process is gone already.
  init?(pid: Int32, socket: Int32) {
    guard pid > 0 else { return nil }
    let watched = kafclaw_pidfd_open(pid)
    let own = fcntl(socket, F_DUPFD_CLOEXEC, 3)
    guard watched >= 0, own >= 0 else {
      if watched >= 0 { close(watched) }
      if own >= 0 { close(own) }
      return nil
    }
    (self.pid, self.socket, self.own, self.watched) = (pid, socket, own, watched)
    let thread = Thread { [self] in end(watch()) }
    thread.name = "role-exit"
    thread.start()
  }

  deinit {
    close(own)
    close(watched)
  }

  func waitForExit() async -> String {
    await withCheckedContinuation { continuation in
      let outcome = state.withLock { state in
        if state.outcome == nil { state.waiters.append(continuation) }
        return state.outcome
      }
      if let outcome { continuation.resume(returning: outcome) }
    }
  }

  func kill() { shutdown(own, Int32(SHUT_RDWR)) }

  /// Ends a connection that nobody took.
  func discard() {
    kill()
    close(socket)
  }

  /// Whether the component is still at the other end.
  var isOpen: Bool {
    var waiting = pollfd(fd: own, events: Self.hangUp, revents: 0)
    return poll(&waiting, 1, 0) == 0
  }

  /// - Throws: `process.spawn-failed` when it is gone; the connection is closed then.
  func greet(_ greeting: RoleGreeting) throws {
    do {
      let line = try greeting.line()
      // The first bytes on a fresh socket: they fit its buffer, or it is closed.
      let sent = line.withUnsafeBytes { send(own, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard sent == line.count else {
        throw ApplianceError(.spawnFailed, "the component went away before it was greeted")
      }
    } catch {
      discard()
      throw error
    }
  }

  /// `POLLRDHUP` of poll(2): the other end is gone.
  private static let hangUp: Int16 = 0x2000

  /// Returns when the process has ended, or did not although the connection has.
  private func watch() -> String {
    var both = [
      pollfd(fd: watched, events: Int16(POLLIN), revents: 0),
      pollfd(fd: own, events: Self.hangUp, revents: 0),
    ]
    while poll(&both, 2, -1) < 0 && errno == EINTR {}
    if both[0].revents != 0 { return "ended" }
    both[1].fd = -1
    while poll(&both, 2, Self.patience) < 0 && errno == EINTR {}
    return both[0].revents != 0 ? "ended" : "lost its connection, and did not end"
  }

  private func end(_ outcome: String) {
    let waiters = state.withLock { state in
      state.outcome = outcome
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume(returning: outcome) }
  }
}
