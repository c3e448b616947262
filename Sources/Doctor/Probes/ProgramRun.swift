// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

extension ApplianceError.Code {
  /// A program that a check asks could not be run, or did not end in time.
  static let programFailed = Self("doctor.program-failed")
}

/// Runs one program of the operating system to its end: no shell, no input, an environment of its
/// own, limits on time and output. What it starts itself is killed with it.
struct ProgramRun: Sendable {
  struct Outcome: Sendable, Equatable {
    let status: Int32
    /// Standard output.
    let output: [UInt8]
  }

  let path: String
  let arguments: [String]
  var environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"]
  /// After this the program is killed.
  var limit: Duration = .seconds(30)
  /// Bytes.
  var outputLimit = 4 << 20

  /// Waits on a thread of its own.
  ///
  /// - Throws: `doctor.program-failed`.
  func run() async throws -> Outcome {
    try await BlockingWork.run("program") { try runHere() }
  }

  private func runHere() throws -> Outcome {
    let deadline = ContinuousClock.now + limit
    var ends: [Int32] = [-1, -1]
    // Not a pipe: those of glibc that no other child inherits are not to be had here.
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
      throw ApplianceError.system("make a socket for", path)
    }
    let output = Descriptor(owning: ends[0])
    let pid = try start(owning: Descriptor(owning: ends[1]))
    do {
      let bytes = try read(output, until: deadline)
      let status = try wait(for: pid, until: deadline)
      guard status & 0x7F == 0 else { throw failure("was ended by signal \(status & 0x7F)") }
      return Outcome(status: (status >> 8) & 0xFF, output: bytes)
    } catch {
      kill(-pid, SIGKILL)
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
      throw error
    }
  }

  /// - Parameter output: What the program writes to; only the program has it afterwards.
  /// - Returns: The process, which leads a group of its own.
  private func start(owning output: consuming Descriptor) throws -> pid_t {
    try spawn(writingTo: output.number)
  }

  private func spawn(writingTo output: Int32) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    var (all, none) = (sigset_t(), sigset_t())
    sigfillset(&all)
    sigemptyset(&none)
    var pid: pid_t = 0
    let results = [
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0),
      posix_spawn_file_actions_adddup2(&actions, output, 1),
      posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0),
      posix_spawnattr_setsigdefault(&attributes, &all),
      posix_spawnattr_setsigmask(&attributes, &none),
      posix_spawnattr_setpgroup(&attributes, 0),
      posix_spawnattr_setflags(
        &attributes,
        Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)),
    ]
    let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let error =
      results.first { $0 != 0 }
      ?? CStrings.lend([path] + arguments) { argv in
        CStrings.lend(variables) { posix_spawn(&pid, path, &actions, &attributes, argv, $0) }
      }
    guard error == 0 else {
      throw failure("cannot be started: \(String(cString: strerror(error)))")
    }
    return pid
  }

  private func read(
    _ socket: borrowing Descriptor, until deadline: ContinuousClock.Instant
  ) throws -> [UInt8] {
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      try awaitInput(socket.number, until: deadline)
      let count = Glibc.read(socket.number, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw ApplianceError.system("read output of", path) }
      if count == 0 { return output }
      output += chunk[..<count]
      guard output.count <= outputLimit else {
        throw failure("says more than \(outputLimit) bytes")
      }
    }
  }

  private func awaitInput(_ descriptor: Int32, until deadline: ContinuousClock.Instant) throws {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while true {
      let left = ContinuousClock.now.duration(to: deadline)
      guard left > .zero else { throw late }
      if poll(&entry, 1, milliseconds(left)) > 0 { return }
    }
  }

  /// At least one, so that waiting is no spinning.
  private func milliseconds(_ time: Duration) -> Int32 {
    let (seconds, attoseconds) = time.components
    return Int32(clamping: min(seconds, 1_000) * 1_000 + attoseconds / 1_000_000_000_000_000 + 1)
  }

  /// A program may close its output before it ends.
  ///
  /// - Returns: Its status as wait(2) gives it.
  private func wait(for pid: pid_t, until deadline: ContinuousClock.Instant) throws -> Int32 {
    var status: Int32 = 0
    while true {
      let ended = waitpid(pid, &status, WNOHANG)
      if ended == pid { return status }
      guard ended == 0 || errno == EINTR else { throw ApplianceError.system("wait for", path) }
      guard ContinuousClock.now < deadline else { throw late }
      poll(nil, 0, 5)
    }
  }

  private var late: ApplianceError { failure("did not end within \(limit)") }

  private func failure(_ what: String) -> ApplianceError {
    ApplianceError(.programFailed, "\"\(path)\" \(what)")
  }
}
