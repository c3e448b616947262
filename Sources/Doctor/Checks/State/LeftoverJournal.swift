// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DurableIO

extension Check {
  /// The journal tells what was begun; the next start compares it with what is there.
  static let leftoverJournal = Check(
    "leftover.journal", "No apply was cut off", .medium,
    reference: "runbook 5.1", remedy: "kafclaw run goes on from there; so does kafclaw apply",
    detect: { host in
      let path = host.paths.journal
      guard !host.isRunning else {
        return .notApplicable("the journal is the running appliance's")
      }
      guard try FileKind.of(path) != nil else { return .pass("there is no \(path)") }
      return Verdict(.warn, "\(path) is there: an apply was cut off")
    })
}
