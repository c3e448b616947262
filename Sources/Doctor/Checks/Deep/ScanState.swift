// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DurableIO

extension Check {
  /// Secrets are encrypted at rest; a copy in a log, a database or a forgotten file undoes that.
  static let scanState = Check(
    "scan.state", "No file of the appliance holds a secret that is not meant for it", .critical,
    .deep, reference: "runbook 9",
    remedy: "remove it there and rotate the secret: kafclaw tomb set NAME"
  ) { host in
    try await BlockingWork.run("scan-state") {
      var scan = StateScan(host)
      return scan.verdict()
    }
  }
}
