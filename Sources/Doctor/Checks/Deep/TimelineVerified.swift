// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DurableIO

extension Check {
  /// Messages, admissions and work lie in one database; SQLite reads all of it and says what is
  /// damaged.
  static let timelineVerified = Check(
    "timeline.verified", "The whole of timeline.db can be read", .high, .deep,
    reference: "runbook 7", remedy: "stop the appliance and restore timeline.db from a backup"
  ) { host in
    let path = host.paths.timelineFile
    guard try host.isRunning || SystemFiles().isPresent(path) else {
      return .notApplicable("there is no \(path) yet")
    }
    guard let problem = try await host.acts.timelineProblem(true) else {
      return .pass("\(path) is intact")
    }
    return Verdict(.fail, "\(path): \(problem)")
  }
}
