// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Glibc

/// The client program of a container engine.
struct ContainerEngine {
  private let configuration: SandboxConfiguration

  init(_ configuration: SandboxConfiguration) {
    self.configuration = configuration
  }

  /// Milliseconds for a command of the engine that runs no command of ours.
  private static let patience = 60_000

  func process(_ arguments: [String]) -> ContainedProcess {
    ContainedProcess(
      program: configuration.program, arguments: configuration.options + arguments,
      environment: SandboxInit.variables(configuration.environment), killsOrphans: false)
  }

  /// Runs a command of the engine and returns what it printed, without the line's end.
  func ask(_ arguments: [String], input: [UInt8] = []) throws -> String {
    let result = try process(arguments).run(
      input: input, wallTime: Self.patience, keep: 1 << 20)
    guard result.status?.end == .exited(0) else {
      let name = configuration.backend.rawValue
      throw ApplianceError(
        .sandboxFailed, "\(name) \(arguments.first ?? "") failed: \(result.lastWords)")
    }
    let text = String(decoding: result.output.bytes, as: UTF8.self)
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }

  /// Kills and removes a container. Removing one that is gone is fine.
  func remove(_ name: String) throws {
    let time = configuration.backend == .podman ? ["--time", "0"] : []
    _ = try ask(["rm", "--force"] + time + [name])
  }

  func wasShortOfMemory(_ name: String) -> Bool {
    // `try?`: a removed container has no state any more, and its end is known without it.
    let state = try? ask(["inspect", "--format", "{{.State.OOMKilled}}", name])
    return state == "true"
  }

  /// Removes containers whose makers are dead.
  ///
  /// - Throws: Why one is still there, after all were tried.
  func sweep() throws {
    var problem: (any Error)?
    for name in try abandoned() {
      do { try remove(name) } catch { problem = error }
    }
    // Another one may have removed it meanwhile, which not every engine takes for fine.
    if let problem, try !abandoned().isEmpty { throw problem }
  }

  private func abandoned() throws -> [String] {
    // Not every podman can print a label.
    let list = try ask([
      "ps", "--all", "--filter", "label=\(ContainerCreation.label)", "--format", "{{.Names}}",
    ])
    return list.split(separator: "\n").filter { name in
      ProcessStamp(ofName: name, after: Self.prefix).map { !$0.isAlive } ?? false
    }.map(String.init)
  }

  private static let prefix = "kafclaw-"

  /// A name that says who made the container.
  static func name(_ number: UInt64) -> String {
    "\(prefix)\(ProcessStamp.own.text)-\(number)"
  }
}

/// A private folder of the host that a container sees parts of: the first process, its filter, and
/// the pipe for its report.
final class ExchangeFolder {
  private let folder: ProcessFolder
  private var reports: Int32 = -1

  var path: String { folder.path }

  init(_ request: SandboxRequest, _ user: SandboxUser) throws {
    folder = try ProcessFolder("sandbox")
    guard mkdir(path + "/own", 0o755) == 0 else { throw ApplianceError.system("create", path) }
    try put(SandboxInit.image(), "own/init", 0o555)
    try put(SandboxInit.filter(hasNetwork: request.hasNetwork), "own/filter", 0o444)
    try put([], "own/status", 0o444)
    try put(Array(Self.accounts(user).utf8), "passwd", 0o444)
    try put(Array("sandbox:x:\(user.group):\n".utf8), "group", 0o444)
    // A pipe, so that what is written to it takes no space of a disk.
    let status = path + "/status"
    guard mkfifo(status, 0o600) == 0 else { throw ApplianceError.system("create", status) }
    if geteuid() == 0 { chown(status, user.user, user.group) }
    reports = open(status, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    guard reports >= 0 else { throw ApplianceError.system("open", status) }
  }

  deinit {
    if reports >= 0 { close(reports) }
    folder.remove()
  }

  func report() -> SandboxInit.Report? { SandboxInit.report(from: reports) }

  private static func accounts(_ user: SandboxUser) -> String {
    "sandbox:x:\(user.user):\(user.group):sandbox:/tmp:/bin/sh\n"
  }

  private func put(_ bytes: [UInt8], _ name: String, _ mode: mode_t) throws {
    let file = path + "/" + name
    let descriptor = try Descriptor(opening: file, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
    try descriptor.write(bytes, to: file)
    guard fchmod(descriptor.number, mode) == 0 else { throw ApplianceError.system("chmod", file) }
  }
}
