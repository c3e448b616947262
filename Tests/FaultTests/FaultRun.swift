// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import TestSupport

/// A run of the program to its end.
struct FaultRun: Sendable {
  /// After this a run hangs: the slowest of the appliance's own deadlines is 60 s.
  static let limit = 90

  /// Worth a line in the output: a deadline of the appliance was waited for.
  static let slow = 15.0

  let result: Program.Result
  let seconds: Double

  var hangs: Bool { seconds >= Double(Self.limit) }
  var lastWords: String {
    result.errors.split(separator: "\n").suffix(3).joined(separator: " | ")
  }
}

extension FaultBench {
  static func run(
    _ words: [String], home: String, under state: FaultState? = nil
  ) throws -> FaultRun {
    let clock = ContinuousClock()
    let start = clock.now
    let result = try Program.run(
      words, home: home, environment: ["KAFCLAW_GATEWAY_AUTH_TOKEN": token],
      prefix: ["timeout", "-s", "KILL", "\(FaultRun.limit)"] + (state?.prefix ?? []))
    let seconds = (clock.now - start) / .seconds(1)
    if seconds > FaultRun.slow { print("slow: \(words.joined(separator: " ")), \(seconds) s") }
    return FaultRun(result: result, seconds: seconds)
  }

  static let token = "fault-tests-token-of-32-bytes-or-more"
}
