// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import FoundationEssentials
import Tomb

extension Check {
  /// Without a recovery key the secrets are gone with this host.
  static let tombRecovery = Check(
    "tomb.recovery", "The tomb opens without this host, with a recovery key", .high,
    reference: "runbook 7",
    remedy: "kafclaw tomb new-recipient, keep the key away from this host, then kafclaw tomb "
      + "add-recipient",
    detect: { host in
      guard let tomb = try host.presentTomb else { return .notApplicable("there is no tomb") }
      let summary = try tomb.summary()
      let recipients = summary.slots.filter { $0.kind == "recovery" }
      guard !recipients.isEmpty else {
        return Verdict(.fail, "the tomb has no recovery recipient: only this host opens it")
      }
      let told = recipients.map { "\($0.id) of \($0.created.formatted(.iso8601))" }
      return .pass("sealed to the recovery recipients \(told.joined(separator: ", "))")
    })
}
