// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AsyncHTTPClient
import ControlAPI
import Daemon
import DurableIO
import Foundation
import GatewayAPI
import NIOCore
import NIOHTTP1

/// The appliance that a drill restored, run as its operator runs it.
struct DrillAppliance: Sendable {
  /// How a command ended.
  struct Outcome: Sendable {
    let code: Int32
    let output: String
    let errors: String

    var words: String {
      code == 0
        ? "exit code 0"
        : "exit code \(code): "
          + String((errors.isEmpty ? output : errors).prefix(600))
          .trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  let paths: AppliancePaths
  /// Where what it says is kept.
  let scratch: String
  /// Secrets that stand for those of the host.
  let environment: [String: String]

  private var settings: [String: String] {
    var settings = [
      "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": paths.home,
      "SWIFT_BACKTRACE": "enable=no", "LLVM_PROFILE_FILE": "/dev/null",
    ]
    // The package's layout is that of its user.
    if !paths.isSystem { settings["KAFCLAW_HOME"] = paths.home }
    return environment.merging(settings) { _, own in own }
  }

  private func process(_ words: [String], _ substitutes: [String: String]) throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: try OwnProgram.path)
    process.arguments = words
    process.environment = settings.merging(substitutes) { _, own in own }
    process.standardInput = FileHandle.nullDevice
    return process
  }

  /// Runs a command to its end. What it writes goes through files: nobody has to read meanwhile.
  func run(_ words: [String], substitutes: [String: String] = [:]) async throws -> Outcome {
    let process = try process(words, substitutes)
    let name = "\(scratch)/\(words[0])"
    let (output, errors) = (try Self.file(name + ".out"), try Self.file(name + ".err"))
    (process.standardOutput, process.standardError) = (output, errors)
    try process.run()
    try await BlockingWork.run("drill-command") { [unowned process] in process.waitUntilExit() }
    return Outcome(
      code: process.terminationReason == .exit ? process.terminationStatus : -1,
      output: Self.text(name + ".out"), errors: Self.text(name + ".err"))
  }

  func start(substitutes: [String: String]) throws -> DrillRun {
    let process = try process(["run"], substitutes)
    let log = try Self.file(scratch + "/run.log")
    (process.standardOutput, process.standardError) = (log, log)
    try process.run()
    return DrillRun(process: process, appliance: self, log: scratch + "/run.log")
  }

  private static func file(_ path: String) throws -> FileHandle {
    try DurableFile.removeIfPresent(path)
    guard FileManager.default.createFile(atPath: path, contents: nil),
      let file = FileHandle(forWritingAtPath: path)
    else { throw ApplianceError.system("create", path) }
    return file
  }

  static func text(_ path: String) -> String {
    // `try?`: what cannot be read any more only made the report longer.
    let bytes = (try? DurableFile.read(path, limit: 16 << 20)) ?? []
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A `kafclaw run` of a drill.
struct DrillRun {
  let process: Process
  let appliance: DrillAppliance
  let log: String

  /// - Returns: `ready`, or why it is not by the end of the time.
  func ready(within limit: Duration) async throws -> String {
    let end = ContinuousClock.now + limit
    var last = "no answer"
    while ContinuousClock.now < end {
      guard process.isRunning else {
        return "it ended: " + String(DrillAppliance.text(log).suffix(600))
      }
      let status = try await appliance.run(["status", "--json"])
      if status.code == 0 { return "ready" }
      last = status.words
      try await Task.sleep(for: .milliseconds(250))
    }
    return last
  }

  func access() async throws -> GatewayAccess {
    try await ControlClient.require(appliance.paths)
      .get(ControlRoutes.access, as: GatewayAccess.self)
  }

  /// - Returns: How it ended.
  func stop() async -> String {
    process.terminate()
    // `try?`: the wait itself cannot fail.
    try? await BlockingWork.run("drill-stop") { [unowned process] in process.waitUntilExit() }
    return process.terminationReason == .exit
      ? "exit code \(process.terminationStatus)" : "signal \(process.terminationStatus)"
  }

  func kill() {
    if process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) }
  }
}

/// Requests to the gateway of a drill.
enum DrillGateway {
  /// - Returns: Whether somebody with a token is let in: `let in` or `refused`.
  static func answer(of url: String, token: String) async throws -> String {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
      // A message that there is not: whoever is let in learns that.
      var request = HTTPClientRequest(url: "\(url)\(Routes.messages)/none")
      request.headers.add(name: "Authorization", value: "Bearer \(token)")
      let status = try await client.execute(request, timeout: .seconds(20)).status.code
      return status == 401 || status == 403 ? "refused" : status < 500 ? "let in" : "\(status)"
    }
  }
}
