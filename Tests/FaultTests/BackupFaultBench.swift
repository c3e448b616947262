// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport

/// A home with backups of itself, put back to one moment before each fault.
final class BackupFaultBench {
  struct SetupFailure: Error { let message: String }

  private let scratch: Scratch
  private let home: String
  private let shim: FaultShim
  var repository: String { home + "/repository" }
  var restored: String { home + "/restored" }

  init() throws {
    scratch = try Scratch("backup-fault")
    home = try scratch.folder("home")
    shim = try FaultShim(in: scratch)
    try scratch.write(
      "desired/kafclaw.yaml",
      """
      version: 1
      appliance: {name: faults}
      backup:
        schedule: "0 3 * * *"
        repository: \(home)/repository
        retention: {last: 1, daily: 0, weekly: 0, monthly: 0}

      """)
    try require(["apply", "\(scratch.path)/desired", "--unverified", "--reason", "test"])
    try require(["tomb", "init"])
    try require(["backup", "init"])
    for version in 0..<3 {
      try scratch.write("home/.kafclaw/workspace/note", "version \(version)")
      try require(["backup", "create"])
    }
    try require(["backup", "verify"])
    try scratch.write("home/.kafclaw/workspace/note", "version 3")
    try FaultBench.copy(home, to: "\(scratch.path)/moment")
  }

  private func require(_ words: [String]) throws {
    let result = try run(words)
    guard result.code == 0 else {
      throw SetupFailure(message: "\(words): \(result.output)\(result.errors)")
    }
  }

  /// How many operations of a command a fault could strike at.
  func operations(_ words: [String], _ fault: Fault) throws -> Int {
    try FaultBench.copy("\(scratch.path)/moment", to: home)
    let state = try FaultState(in: scratch, shim: shim, root: home)
    try state.arm(fault.counting, at: 0)
    let result = try run(words, under: state)
    guard result.code == 0 else { throw SetupFailure(message: result.errors) }
    return try state.counted
  }

  /// - Returns: Where the fault struck; `nil` when the run was over before.
  func strike(_ words: [String], _ fault: Fault, at point: Int) throws -> String? {
    try FaultBench.copy("\(scratch.path)/moment", to: home)
    let state = try FaultState(in: scratch, shim: shim, root: home)
    try state.arm(fault, at: point)
    let result = try run(words, under: state)
    guard let hit = try state.operations.first(where: \.isHit) else { return nil }
    return "\(fault) at \(hit) (\(point)), exit \(result.code)"
  }

  func run(_ words: [String], under state: FaultState? = nil) throws -> Program.Result {
    try Program.run(
      words, home: home, prefix: ["timeout", "-s", "KILL", "60"] + (state?.prefix ?? []))
  }

  /// Whether something lies there.
  func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  func note(in folder: String) -> String? {
    // `try?`: a file that is not there is what is asked for.
    try? String(contentsOfFile: folder + "/.kafclaw/workspace/note", encoding: .utf8)
  }
}
