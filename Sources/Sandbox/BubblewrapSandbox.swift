// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// Runs a command in namespaces of its own made by bubblewrap, bwrap(1).
struct BubblewrapSandbox {
  private let configuration: SandboxConfiguration

  /// The order of what becomes descriptors 3, 4, … of bubblewrap.
  private enum Inherited: Int32 {
    case status = 3
    case filter = 4
    case image = 5
    case accounts = 6
    case groups = 7
  }

  init(_ configuration: SandboxConfiguration) {
    self.configuration = configuration
  }

  func run(_ request: SandboxRequest) throws -> SandboxOutcome {
    let status = try Pipe()
    let filter = try ContainedProcess.memoryFile(
      SandboxInit.filter(hasNetwork: request.hasNetwork))
    let image = try ContainedProcess.memoryFile(SandboxInit.image())
    let accounts = try ContainedProcess.memoryFile(Array(SystemView.accounts.utf8))
    let names = try ContainedProcess.memoryFile(Array(SystemView.groups.utf8))
    let group = try configuration.groups.map {
      // Beside the command's: bubblewrap, and the first process inside.
      try ControlGroup(below: $0, memory: request.limits.memory, extraProcesses: 2, request.limits)
    }
    let process = ContainedProcess(
      program: configuration.program, arguments: arguments(request, hasGroup: group != nil),
      descriptors: [status.writer, filter.number, image.number, accounts.number, names.number],
      groups: group?.members ?? [], user: geteuid() == 0 ? SandboxUser.nobody : 0)
    let result = try process.run(
      input: request.command.input, wallTime: request.limits.wallTime,
      keep: request.limits.output)
    status.closeWriter()
    return try result.outcome(
      request.command, SandboxInit.report(from: status.reader.number),
      wasShortOfMemory: group?.wasShortOfMemory ?? false,
      enforced: configuration.enforced.filter { $0 != .network || !request.hasNetwork })
  }

  /// The whole command line after `bwrap`.
  func arguments(_ request: SandboxRequest, hasGroup: Bool) -> [String] {
    // A user namespace counts its own processes; the first one is beside the command's.
    let limits = request.limits.perProcess(
      includesMemory: !hasGroup, processes: hasGroup ? nil : request.limits.processes + 1)
    return namespaces(request) + files(request)
      + ["--", SandboxInit.folder + "/init"]
      + SandboxInit.arguments(
        request.command, status: "\(Inherited.status.rawValue)",
        filter: "\(Inherited.filter.rawValue)", wallTime: request.limits.wallTime + 2000,
        limits: limits)
  }

  private func namespaces(_ request: SandboxRequest) -> [String] {
    let network = request.hasNetwork ? [] : ["--unshare-net"]
    return [
      "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts",
      "--unshare-cgroup-try",
    ] + network + configuration.options + [
      "--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL", "--uid", "1000",
      "--gid", "1000", "--hostname", "sandbox", "--clearenv",
    ]
  }

  private func files(_ request: SandboxRequest) -> [String] {
    let view = SystemView.current(hasNetwork: request.hasNetwork)
    let bindings = request.bindings.sorted { $0.inside.utf8.count < $1.inside.utf8.count }
    return ["--perms", "0755", "--dir", "/etc", "--perms", "0755", "--dir", "/etc/ssl"]
      + view.links.flatMap { ["--symlink", $0.target, $0.path] }
      + view.shown.flatMap { ["--ro-bind", $0, $0] }
      + data(.accounts, "0444", "/etc/passwd") + data(.groups, "0444", "/etc/group")
      + data(.image, "0555", SandboxInit.folder + "/init")
      + ["--proc", "/proc", "--dev", "/dev"]
      // Memory of the kernel's that no limit of `/tmp` would hold.
      + temporary("/dev/shm", request.limits.scratch) + ["--remount-ro", "/dev"]
      + temporary("/tmp", request.limits.scratch)
      + bindings.flatMap { [$0.isWritable ? "--bind" : "--ro-bind", $0.host, $0.inside] }
      + ["--remount-ro", "/", "--chdir", "/"]
  }

  private func data(_ source: Inherited, _ mode: String, _ path: String) -> [String] {
    ["--perms", mode, "--ro-bind-data", "\(source.rawValue)", path]
  }

  private func temporary(_ path: String, _ size: Int) -> [String] {
    ["--perms", "1777", "--size", "\(size)", "--tmpfs", path]
  }
}
