// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import Tomb

extension Check {
  /// Secrets lie sealed, and the loss of this host does not lose them.
  static let goLiveTomb = Check(
    "go-live.tomb", "There is a tomb, and a recovery key opens it", .high, .goLive,
    reference: "runbook 5", remedy: "kafclaw tomb init, or kafclaw tomb add-recipient",
    detect: { host in
      guard let tomb = try host.presentTomb else {
        return Verdict(.fail, "there is no tomb on this host")
      }
      let keys = try tomb.summary().slots.filter { $0.kind == "recovery" }
      return keys.isEmpty
        ? Verdict(.fail, "no recovery key opens the tomb")
        : .pass("recovery keys: \(keys.map(\.id).listed())")
    })
}
