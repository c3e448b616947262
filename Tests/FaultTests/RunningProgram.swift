// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport

/// A long-lived `kafclaw run` under a fault that can be armed and disarmed.
final class RunningProgram {
  struct NotReady: Error { let log: String }

  private let process = Process()
  private let bench: FaultBench
  private let log: String

  init(_ bench: FaultBench, under state: FaultState) async throws {
    self.bench = bench
    log = "\(bench.scratch.path)/log"
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let user = "\(Program.unprivilegedUser)"
    let drop =
      geteuid() == 0 ? ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"] : []
    process.arguments = drop + state.prefix + [Program.path, "run"]
    process.environment = [
      "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8",
      "SWIFT_BACKTRACE": "enable=no", "LLVM_PROFILE_FILE": "/dev/null",
      "KAFCLAW_HOME": bench.home, "KAFCLAW_GATEWAY_AUTH_TOKEN": FaultBench.token,
    ]
    process.standardInput = FileHandle.nullDevice
    try Data().write(to: URL(fileURLWithPath: log))
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    (process.standardOutput, process.standardError) = (handle, handle)
    try process.run()
    // `try?`: there is no status until it listens.
    guard await eventually(within: .seconds(90), { (try? status().ready) == true }) else {
      throw NotReady(log: try String(contentsOfFile: log, encoding: .utf8))
    }
  }

  func status() throws -> RunningAppliance.Status {
    let result = try bench.run(["status", "--json"]).result
    return try JSONDecoder().decode(RunningAppliance.Status.self, from: Data(result.output.utf8))
  }

  /// Ends the appliance in order.
  func stop() {
    guard process.isRunning else { return }
    process.terminate()
    process.waitUntilExit()
  }

  deinit { stop() }
}
