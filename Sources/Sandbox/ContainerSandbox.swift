// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc
import Synchronization

/// Runs a command in a container of podman or docker: create, start, look, remove.
struct ContainerSandbox {
  private let configuration: SandboxConfiguration
  private let engine: ContainerEngine

  private static let serial = Atomic<UInt64>(0)

  init(_ configuration: SandboxConfiguration) {
    self.configuration = configuration
    engine = ContainerEngine(configuration)
  }

  func run(_ request: SandboxRequest) throws -> SandboxOutcome {
    let clock = ElapsedTime()
    let folder = try ExchangeFolder(request, SandboxUser.current)
    let number = Self.serial.wrappingAdd(1, ordering: .relaxed).newValue
    let name = ContainerEngine.name(number)
    let creation = ContainerCreation(
      request: request, configuration: configuration, exchange: folder.path,
      user: SandboxUser.current)
    _ = try engine.ask(["create", "--name", name] + creation.arguments())
    // `try?`: one that ended holds nothing, and is found by its name at the next probe.
    defer { try? engine.remove(name) }
    // The time for the engine itself is not the command's, which the first process measures.
    var result = try engine.process(["start", "--attach", "--interactive", name]).run(
      input: request.command.input, wallTime: request.limits.wallTime + 1000,
      keep: request.limits.output)
    // The engine goes on with a command whose client was killed.
    if result.isTimedOut || result.isFlooded { try engine.remove(name) }
    let report = folder.report()
    let isClean = report == .ended(0)
    let isShort = isClean ? false : engine.wasShortOfMemory(name)
    result.wallTime = clock.milliseconds
    return try result.outcome(
      request.command, report, wasShortOfMemory: isShort,
      enforced: configuration.enforced.filter { $0 != .network || !request.hasNetwork })
  }
}

/// The command line of `create`: podman-create(1), docker-container-create(1).
struct ContainerCreation {
  let request: SandboxRequest
  let configuration: SandboxConfiguration
  /// The folder with the first process, its filter and its report.
  let exchange: String
  let user: SandboxUser

  static let label = "org.kafclaw.sandbox"

  func arguments() throws -> [String] {
    let limits = request.limits
    let isHeld = configuration.enforced.contains(.memory)
    let inner = SandboxInit.arguments(
      request.command, status: SandboxInit.folder + "/status",
      filter: SandboxInit.folder + "/filter", wallTime: limits.wallTime,
      limits: limits.perProcess(includesMemory: !isHeld, processes: processLimit))
    guard let image = configuration.image else {
      throw ApplianceError(.sandboxFailed, "the sandbox has no image")
    }
    return try confinement + resources(isHeld) + mounts() + ownOptions
      + ["--entrypoint", SandboxInit.folder + "/init", image] + inner
  }

  /// Without a group of the engine's, the processes of a user are counted. Where the engine makes
  /// a user namespace, they are its own.
  private var processLimit: Int? {
    configuration.enforced.contains(.processCount) && !isRootless
      ? nil
      : isRootless
        ? request.limits.processes + 1 : nil
  }

  private var isRootless: Bool { configuration.backend == .podman && user.user != 65534 }

  private var confinement: [String] {
    [
      "--pull", "never", "--label", "\(Self.label)=\(ProcessStamp.own.text)", "--interactive",
      "--network", network, "--read-only", "--cap-drop", "ALL", "--security-opt",
      "no-new-privileges", "--user", "\(user.user):\(user.group)", "--hostname", "sandbox",
      "--workdir", "/", "--log-driver", "none", "--ipc", "private",
    ]
  }

  /// The default network of both engines changes the host's; nothing asks for it unless granted.
  private var network: String {
    guard request.hasNetwork else { return "none" }
    return configuration.backend == .podman ? "slirp4netns:allow_host_loopback=false" : "bridge"
  }

  private func resources(_ isHeld: Bool) -> [String] {
    let limits = request.limits
    var options = [
      // Engines raise these by themselves, which not every host allows.
      "--ulimit", "nofile=\(limits.descriptors):\(limits.descriptors)",
      "--ulimit", "core=0:0", "--shm-size", "\(limits.scratch)",
      "--tmpfs", "/tmp:rw,nosuid,nodev,exec,mode=1777,size=\(limits.scratch)",
    ]
    if isHeld {
      // Memory and swap together, so that there is no swap. The first process is one more.
      options += [
        "--memory", "\(limits.memory)", "--memory-swap", "\(limits.memory)",
        "--pids-limit", "\(limits.processes + 1)",
      ]
    }
    return options
  }

  private var ownOptions: [String] {
    guard configuration.backend == .podman else { return [] }
    let most = Self.hardLimit
    return [
      "--read-only-tmpfs=false", "--no-hosts", "--image-volume", "ignore",
      "--ulimit", "nproc=\(most):\(most)",
      "--timeout", "\(request.limits.wallTime / 1000 + 5)",
    ] + (isRootless ? ["--userns", "keep-id"] : [])
  }

  private static var hardLimit: UInt64 {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(__RLIMIT_NPROC.rawValue), &limit)
    return min(UInt64(limit.rlim_max), 32_768)
  }

  private func mounts() throws -> [String] {
    let view = SystemView.current(hasNetwork: request.hasNetwork)
    let system = view.shown.map { SandboxBinding(host: $0, inside: $0, isWritable: false) }
    let own = [
      SandboxBinding(host: exchange + "/own", inside: SandboxInit.folder, isWritable: false),
      SandboxBinding(
        host: exchange + "/status", inside: SandboxInit.folder + "/status", isWritable: true),
      SandboxBinding(host: exchange + "/passwd", inside: "/etc/passwd", isWritable: false),
      SandboxBinding(host: exchange + "/group", inside: "/etc/group", isWritable: false),
    ]
    let bindings = request.bindings.sorted { $0.inside.utf8.count < $1.inside.utf8.count }
    return try (system + own + bindings).flatMap { ["--mount", try mount($0)] }
  }

  private func mount(_ binding: SandboxBinding) throws -> String {
    for path in [binding.host, binding.inside] where path.utf8.contains(where: Self.isSpecial) {
      throw ApplianceError(
        .sandboxFailed, "container engines cannot bind \"\(path)\"",
        hint: "use a path without comma, quote or line break")
    }
    let access = binding.isWritable ? "" : ",readonly"
    return "type=bind,source=\(binding.host),target=\(binding.inside)\(access)"
  }

  private static func isSpecial(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"")
  }
}
