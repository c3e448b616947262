// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DurableIO

extension Check {
  /// Arguments are shown to every user of a host, environments to every process of the same user and
  /// to whatever a process starts.
  static let scanProcesses = Check(
    "scan.processes", "No argument and no variable of the appliance's processes holds a secret",
    .critical, .deep, reference: "runbook 3.2",
    remedy: "take it from there, rotate the secret, and start the appliance again"
  ) { host in
    guard host.isRunning else { return .notApplicable("the appliance does not run") }
    return try await BlockingWork.run("scan-processes") {
      var scan = try ProcessScan(host)
      return scan.verdict()
    }
  }
}
