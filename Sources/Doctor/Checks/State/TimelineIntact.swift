// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DurableIO

extension Check {
  /// A damaged database loses messages and sender lists when it is written on.
  static let timelineIntact = Check(
    "timeline.intact", "timeline.db is intact", .critical,
    reference: "runbook 7.1", remedy: "stop the appliance and restore timeline.db from a backup",
    detect: { host in
      let path = host.paths.timelineFile
      guard try FileKind.of(path) != nil else { return .notApplicable("there is no \(path) yet") }
      guard let problem = try await host.acts.timelineProblem(false) else {
        return .pass("\(path) is intact")
      }
      return Verdict(.fail, "\(path): \(problem)")
    })
}
