// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// Attempts to get out of a sandbox, really run.
public enum EscapeSuite {
  public static let attempts = files + network + processes + kernel + resources

  /// Runs every attempt.
  ///
  /// - Parameter scratch: a folder of the host that commands of the sandbox can reach when it is
  ///   bound, empty and the caller's; it is left as it was.
  public static func run(
    _ runner: SandboxRunner, scratch: String, _ attempts: [EscapeAttempt] = attempts
  ) throws -> [EscapeFinding] {
    let ground = try EscapeGround(scratch)
    return attempts.map { ground.run($0, runner) }
  }
}

/// What attempts are made against: a file, two services and a process of the host.
private final class EscapeGround {
  private let scratch: String
  private let token: String
  private let services: EscapeServices
  private let host: EscapeHostProcess

  init(_ scratch: String) throws {
    self.scratch = scratch
    token = "kafclaw-escape-" + String(UInt64.random(in: .min ... .max), radix: 36)
    services = try EscapeServices(token)
    host = try EscapeHostProcess()
    for folder in ["workspace", "outside"] {
      guard mkdir("\(scratch)/\(folder)", 0o700) == 0 else {
        throw ApplianceError.system("create", "\(scratch)/\(folder)")
      }
    }
    if geteuid() == 0 {
      chown("\(scratch)/workspace", SandboxUser.nobody, SandboxUser.nobody)
    }
    let secret = "\(scratch)/outside/secret"
    // Open to everybody: what keeps it is the sandbox, not its permissions.
    try Descriptor(opening: secret, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644)
      .write(Array(token.utf8), to: secret)
    symlink(secret, "\(scratch)/workspace/planted")
  }

  deinit {
    for name in ["workspace/planted", "workspace/own", "workspace/fill", "outside/secret"] {
      unlink("\(scratch)/\(name)")
    }
    rmdir("\(scratch)/workspace")
    rmdir("\(scratch)/outside")
  }

  func run(_ attempt: EscapeAttempt, _ runner: SandboxRunner) -> EscapeFinding {
    do {
      let outcome = try runner.run(request(attempt, runner.configuration.backend))
      let problem = problem(attempt, outcome)
      let words = String(decoding: (outcome.output + outcome.errors).prefix(300), as: UTF8.self)
      return EscapeFinding(
        name: attempt.name, held: problem == nil,
        evidence: "\(problem.map { $0 + "; " } ?? "")\(outcome.end); \(words)")
    } catch {
      // A sandbox that does not run has proved nothing.
      return EscapeFinding(
        name: attempt.name, held: false, evidence: ApplianceError.of(error).description)
    }
  }

  private func request(_ attempt: EscapeAttempt, _ backend: SandboxBackend) -> SandboxRequest {
    let folder = "\(scratch)/workspace"
    let inside = backend == .host ? folder : "/workspace"
    let command = SandboxedCommand(
      executable: "/bin/sh", arguments: ["-c", attempt.script],
      environment: [
        "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "WORKSPACE": inside,
        "SECRET": "\(scratch)/outside/secret", "HOST_PID": "\(host.pid)",
        "PORT": "\(services.port)", "ABSTRACT": services.name, "MARKER": marker,
      ], folder: inside)
    return SandboxRequest(
      command: command,
      bindings: [SandboxBinding(host: folder, inside: "/workspace", isWritable: true)],
      limits: attempt.limits)
  }

  /// In the arguments of what tries to survive. Not the token itself, which must not get out.
  private var marker: String { "survivor-" + String(token.reversed()) }

  private func problem(_ attempt: EscapeAttempt, _ outcome: SandboxOutcome) -> String? {
    let text = String(decoding: outcome.output + outcome.errors, as: UTF8.self)
    let lines = text.split(separator: "\n")
    if text.contains(token) { return "it read a file of the host" }
    if let line = lines.first(where: { $0.contains("escaped") }) { return String(line) }
    if let left = HostProcesses.first(naming: marker) { return "process \(left) is left" }
    if outcome.wallTime > attempt.limits.wallTime + 10_000 { return "it took too long" }
    switch attempt.expectation {
    case .refused where !lines.contains("tried"): return "it did not come to its end"
    case .ends(let ends) where !ends.contains(outcome.end): return "it ended otherwise"
    default: return nil
    }
  }
}

/// Services of the host that a sandbox must not reach. Nobody answers; a connection is enough.
private final class EscapeServices {
  let port: UInt16
  let name: String
  private let sockets: [Int32]

  init(_ name: String) throws {
    self.name = String(name.reversed())
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let network = socket(AF_INET, type, 0)
    let local = socket(AF_UNIX, type, 0)
    sockets = [network, local]
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(network, $0, size) == 0 && listen(network, 8) == 0
          && getsockname(network, $0, &size) == 0
      }
    }
    guard isBound, Self.listenAbstract(local, self.name) else {
      throw ApplianceError.sandbox("cannot listen on the loopback address", errno)
    }
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { for socket in sockets { close(socket) } }

  private static func listenAbstract(_ socket: Int32, _ name: String) -> Bool {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { path in
      // The first byte stays zero, unix(7).
      for (index, byte) in name.utf8.enumerated() where index + 1 < path.count {
        path[index + 1] = byte
      }
    }
    let size = MemoryLayout<sa_family_t>.size + 1 + name.utf8.count
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(size)) == 0 && listen(socket, 8) == 0
      }
    }
  }
}

/// A process of the host to see and to signal.
private final class EscapeHostProcess {
  let pid: pid_t

  init() throws {
    var pid: pid_t = 0
    let arguments = ["sleep", "600"]
    var pointers = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    let error = posix_spawn(&pid, "/bin/sleep", nil, nil, &pointers, nil)
    guard error == 0 else { throw ApplianceError.sandbox("cannot start a process", error) }
    self.pid = pid
  }

  deinit {
    kill(pid, SIGKILL)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
  }
}

/// The processes of this machine.
enum HostProcesses {
  /// A process with a text among its arguments.
  static func first(naming text: String) -> pid_t? {
    guard let stream = opendir("/proc") else { return nil }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let pid = pid_t(name) else { continue }
      let arguments = GroupFolder.text("/proc/\(pid)/cmdline").split(separator: "\0")
      if arguments.contains(Substring(text)) { return pid }
    }
    return nil
  }
}
