// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Foundation
import TestSupport

/// A home with a tomb, put back to one moment before each fault.
final class TombBench {
  struct SetupFailure: Error { let message: String }

  private let scratch: Scratch
  private let home: String
  private let shim: FaultShim

  init() throws {
    scratch = try Scratch("tomb-fault")
    home = try scratch.folder("home")
    shim = try FaultShim(in: scratch)
    try keep()
  }

  /// Makes the tomb and two entries.
  ///
  /// - Returns: Path of a file with the recovery key.
  @discardableResult
  func fill() throws -> String {
    let made = try run(["init", "--json"])
    let words = made.output.split(separator: "\"")
    guard made.code == 0, let key = words.first(where: { $0.hasPrefix("kafclaw-recovery-") }) else {
      throw SetupFailure(message: made.errors)
    }
    try scratch.write("key", String(key) + "\n")
    for name in ["token", "provider"] {
      guard try succeeds(["set", name, "--from-env", "VALUE"]) else {
        throw SetupFailure(message: name)
      }
    }
    try keep()
    return "\(scratch.path)/key"
  }

  private func keep() throws { try FaultBench.copy(home, to: "\(scratch.path)/moment") }

  /// How many operations of a change a fault could strike at.
  func operations(
    _ words: [String], _ fault: Fault, _ variables: [String: String] = [:], input: String? = nil
  ) throws -> Int {
    try FaultBench.copy("\(scratch.path)/moment", to: home)
    let state = try FaultState(in: scratch, shim: shim, root: home)
    try state.arm(fault.counting, at: 0)
    let result = try run(words, variables, input: input, under: state)
    guard result.code == 0 else { throw SetupFailure(message: result.errors) }
    return try state.counted
  }

  /// - Returns: Where the fault struck; `nil` when the run was over before.
  func strike(
    _ words: [String], _ fault: Fault, at point: Int, _ variables: [String: String] = [:],
    input: String? = nil
  ) throws -> String? {
    try FaultBench.copy("\(scratch.path)/moment", to: home)
    let state = try FaultState(in: scratch, shim: shim, root: home)
    try state.arm(fault, at: point)
    let result = try run(words, variables, input: input, under: state)
    guard let hit = try state.operations.first(where: \.isHit) else { return nil }
    return "\(fault) at \(hit) (\(point)), exit \(result.code)"
  }

  private struct Verified: Decodable { let values: Int }

  /// How many values the tomb has; `nil` where it does not open.
  func values() throws -> Int? {
    let result = try run(["verify", "--json"])
    guard result.code == 0 else { return nil }
    return try JSONDecoder().decode(Verified.self, from: Data(result.output.utf8)).values
  }

  func succeeds(_ words: [String], input: String? = nil) throws -> Bool {
    try run(words, ["VALUE": "a value"], input: input).code == 0
  }

  private func run(
    _ words: [String], _ variables: [String: String] = ["VALUE": "a value"],
    input: String? = nil, under state: FaultState? = nil
  ) throws -> Program.Result {
    let redirection = ["sh", "-c", #"f=$1; shift; exec "$@" <"$f""#, "sh", input ?? "/dev/null"]
    return try Program.run(
      ["tomb"] + words, home: home, environment: variables,
      prefix: ["timeout", "-s", "KILL", "60"] + redirection + (state?.prefix ?? []))
  }
}
