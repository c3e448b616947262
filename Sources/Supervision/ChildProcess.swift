// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel
import CProcess
import Foundation
import Glibc
import Synchronization

extension ApplianceError.Code {
  /// A process of the appliance could not be started.
  public static let spawnFailed = Self("process.spawn-failed")
  /// A component cannot take a configuration while it runs.
  public static let restartNeeded = Self("component.restart-needed")
  /// A process of the appliance ended or did not answer in time.
  public static let processFailed = Self("process.failed")
}

/// Starts processes from one thread that lives as long as the program: the kernel kills a child
/// when the *thread* that spawned it ends (`PR_SET_PDEATHSIG`, prctl(2)).
final class SpawnThread: Sendable {
  static let shared = SpawnThread()

  private let work = Mutex<[@Sendable () -> Void]>([])
  private let signal = DispatchSemaphore(value: 0)

  private init() {
    let thread = Thread { [self] in
      while true {
        signal.wait()
        let next = work.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        next?()
      }
    }
    thread.name = "spawn"
    thread.start()
  }

  func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      work.withLock { $0.append { continuation.resume(with: Result { try body() }) } }
      signal.signal()
    }
  }
}

/// A child of the supervisor, born with one socket.
public struct ChildProcess: Sendable {
  public let pid: Int32
  /// The supervisor's end of the socket.
  public let socket: Int32
  private let exit: ExitWaiter

  /// Starts this program again as `kafclaw component ROLE`.
  ///
  /// - Parameters:
  ///   - folders: Where it may work.
  ///   - environment: The whole environment of the child; never a secret.
  static func start(
    role: String, folders: [String] = [], environment: [String: String]
  ) async throws -> ChildProcess {
    try await SpawnThread.shared.run {
      var ends: [Int32] = [-1, -1]
      let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
      guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
        throw ApplianceError(.spawnFailed, "cannot make a socket: \(errno)")
      }
      defer { close(ends[1]) }
      var pid: pid_t = 0
      let arguments = ["kafclaw", "component", role, "\(getpid())"] + folders
      let error = CStrings.lend(arguments) { argv in
        CStrings.lend(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }) {
          kafclaw_spawn("/proc/self/exe", argv, $0, ends[1], &pid)
        }
      }
      guard error == 0 else {
        close(ends[0])
        throw ApplianceError(
          .spawnFailed, "cannot start \(role): \(String(cString: strerror(error)))")
      }
      return ChildProcess(pid: pid, socket: ends[0], exit: ExitWaiter(pid: pid))
    }
  }

  /// Returns when the process has ended and is reaped, with its exit in words.
  public func waitForExit() async -> String { await exit.wait() }

  public func kill() { exit.kill(SIGKILL) }
}

/// The children that were started here and are not waited for yet.
final class OwnChildren: Sendable {
  static let shared = OwnChildren()
  private let pids = Mutex<Set<pid_t>>([])

  func contains(_ pid: pid_t) -> Bool { pids.withLock { $0.contains(pid) } }
  func add(_ pid: pid_t) { pids.withLock { _ = $0.insert(pid) } }
  func remove(_ pid: pid_t) { pids.withLock { _ = $0.remove(pid) } }
}

/// Reaps one child on a thread of its own and tells whoever waits.
final class ExitWaiter: Sendable {
  private struct State {
    var outcome: String?
    var waiters: [CheckedContinuation<String, Never>] = []
  }

  private let pid: pid_t
  private let state = Mutex(State())

  init(pid: pid_t) {
    self.pid = pid
    OwnChildren.shared.add(pid)
    let thread = Thread { [self] in reap() }
    thread.name = "reaper"
    thread.start()
  }

  func wait() async -> String {
    await withCheckedContinuation { continuation in
      let outcome = state.withLock { state in
        if state.outcome == nil { state.waiters.append(continuation) }
        return state.outcome
      }
      if let outcome { continuation.resume(returning: outcome) }
    }
  }

  /// Signals the process unless it was reaped: its number may belong to another one by then.
  func kill(_ signal: Int32) {
    state.withLock { state in
      if state.outcome == nil { _ = Glibc.kill(pid, signal) }
    }
  }

  private func reap() {
    // The process stays a zombie, its number taken, until the lock is held: `kill` cannot miss.
    var information = siginfo_t()
    while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
    let waiters = state.withLock { state in
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
      OwnChildren.shared.remove(pid)
      state.outcome = Self.words(status)
      defer { state.waiters = [] }
      return state.waiters
    }
    let outcome = state.withLock { $0.outcome } ?? "ended"
    for waiter in waiters { waiter.resume(returning: outcome) }
  }

  private static func words(_ status: Int32) -> String {
    let signal = status & 0x7F
    return signal == 0 ? "exited with \((status >> 8) & 0xFF)" : "was ended by signal \(signal)"
  }
}
