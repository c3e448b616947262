// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

/// What a request must be before anything is started for it.
enum RequestRules {
  /// Folders of the host that must not be shown as a whole.
  private static let guarded = [
    "/", "/boot", "/dev", "/etc", "/home", "/proc", "/root", "/run", "/sys", "/var", "/var/lib",
    "/var/run",
  ]

  /// Places of the sandbox's own.
  private static let reserved = [
    "/bin", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/sbin", "/sys",
    "/usr", SandboxInit.folder,
  ]

  static func check(_ request: SandboxRequest, isHost: Bool) throws {
    let command = request.command
    let texts =
      [command.executable, command.folder] + command.arguments
      + command.environment.flatMap { [$0.key, $0.value] }
      + request.bindings.flatMap { [$0.host, $0.inside] }
    guard !texts.contains(where: { $0.utf8.contains(0) }) else {
      throw refusal("the command has a zero byte in it")
    }
    try requirePlain(command.executable, "the program")
    try requirePlain(command.folder, "the working directory")
    for name in command.environment.keys where name.isEmpty || name.utf8.contains(equals) {
      throw refusal("\"\(name)\" is no name of an environment variable")
    }
    try check(request.limits)
    for binding in isHost ? [] : request.bindings { try check(binding) }
  }

  private static let equals = UInt8(ascii: "=")

  private static func check(_ limits: SandboxLimits) throws {
    let values = [
      limits.wallTime, limits.cpuTime, limits.memory, limits.processes, limits.fileSize,
      limits.descriptors, limits.output, limits.scratch,
    ]
    guard values.allSatisfy({ (1...SandboxLimits.ceiling).contains($0) }) else {
      throw refusal("a limit is not between 1 and \(SandboxLimits.ceiling)")
    }
  }

  private static func check(_ binding: SandboxBinding) throws {
    try requirePlain(binding.host, "the bound path")
    try requirePlain(binding.inside, "the place of a binding")
    guard !guarded.contains(where: { isSame($0, binding.host) }) else {
      throw refusal("\"\(binding.host)\" is not shown to commands")
    }
    let isTaken =
      isSame(binding.inside, "/") || isSame(binding.inside, "/tmp")
      || reserved.contains { isSame($0, binding.inside) || isBelow(binding.inside, $0) }
    guard !isTaken else { throw refusal("\"\(binding.inside)\" is the sandbox's own") }
  }

  /// Absolute, without empty, `.` or `..` parts, so that two paths can be compared.
  private static func requirePlain(_ path: String, _ what: String) throws {
    let slash = UInt8(ascii: "/")
    let parts = path.utf8.dropFirst().split(separator: slash, omittingEmptySubsequences: false)
    let isPlain = parts.allSatisfy { part in
      !part.isEmpty && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
    }
    guard path.utf8.first == slash, isPlain || path.utf8.count == 1 else {
      throw refusal("\(what) \"\(path)\" is not a plain absolute path")
    }
  }

  private static func isSame(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8)
  }

  private static func isBelow(_ path: String, _ folder: String) -> Bool {
    path.utf8.starts(with: (folder + "/").utf8)
  }

  private static func refusal(_ message: String) -> ApplianceError {
    ApplianceError(.sandboxFailed, message)
  }
}
