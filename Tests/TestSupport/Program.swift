// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation

/// The real executable, run as an unprivileged user.
public enum Program {
  /// Numeric user and group of the program when the tests run as root; needs no entry in passwd.
  public static let unprivilegedUser: UInt32 = 64_322

  /// A copy of the executable that the unprivileged user can reach.
  public static let path: String = {
    let built = builtProgram
    let folder = "/tmp/kafclaw-program-\(getpid())"
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
      try FileManager.default.copyItem(atPath: built, toPath: "\(folder)/kafclaw")
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: "\(folder)/kafclaw")
      atexit { removeProgramCopy() }
      return "\(folder)/kafclaw"
    } catch {
      return built
    }
  }()

  /// `kafclaw` lies beside the test bundle.
  private static var builtProgram: String {
    let arguments = CommandLine.arguments.first ?? ""
    let candidates =
      [Bundle.main.bundlePath, URL(fileURLWithPath: arguments).path]
      + CommandLine.arguments
    for candidate in candidates where candidate.contains("/.build") {
      var url = URL(fileURLWithPath: candidate)
      while url.path != "/" {
        url.deleteLastPathComponent()
        let program = url.appendingPathComponent("kafclaw").path
        if FileManager.default.isExecutableFile(atPath: program), url.path.contains("/.build") {
          return program
        }
      }
    }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return root.appendingPathComponent(".build/debug/kafclaw").path
  }

  public struct Result: Sendable {
    public let code: Int32
    public let output: String
    public let errors: String
  }

  /// Whether bubblewrap can make a root here.
  public static let hasBubblewrap: Bool = {
    let words = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]
    // `try?`: without the program there is none.
    return (try? command(words).code) == 0
  }()

  /// Runs the program to its end.
  ///
  /// - Parameter input: What it finds on standard input; nothing by default.
  public static func run(
    _ arguments: [String], home: String? = nil, environment: [String: String] = [:],
    asRoot: Bool = false, prefix: [String] = [], input: String? = nil
  ) throws -> Result {
    let process = makeProcess(
      prefix + [path] + arguments, home: home, environment: environment, asRoot: asRoot)
    return try StartedProgram(process, input: input).wait()
  }

  /// Starts the program.
  public static func start(
    _ arguments: [String], home: String? = nil, environment: [String: String] = [:]
  ) throws -> StartedProgram {
    try StartedProgram(
      makeProcess([path] + arguments, home: home, environment: environment, asRoot: false))
  }

  /// Runs another command as the unprivileged user.
  @discardableResult
  public static func command(_ words: [String], input: String? = nil) throws -> Result {
    let process = makeProcess(words, home: nil, environment: [:], asRoot: false)
    return try StartedProgram(process, input: input).wait()
  }

  public static func makeProcess(
    _ words: [String], home: String?, environment: [String: String], asRoot: Bool
  ) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let user = "\(unprivilegedUser)"
    let drop =
      geteuid() == 0 && !asRoot
      ? ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"] : []
    process.arguments = drop + words
    var variables = [
      "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8",
      "SWIFT_BACKTRACE": "enable=no", "LLVM_PROFILE_FILE": "/dev/null",
      "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
    ]
    variables["KAFCLAW_HOME"] = home
    process.environment = variables.merging(environment) { _, new in new }
    process.standardInput = FileHandle.nullDevice
    return process
  }
}

private func removeProgramCopy() {
  // `try?`: a copy left in /tmp harms nothing.
  try? FileManager.default.removeItem(atPath: "/tmp/kafclaw-program-\(getpid())")
}
