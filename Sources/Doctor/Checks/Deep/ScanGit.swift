// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DurableIO

extension Check {
  /// What was committed once can be read by everybody who can fetch, also when it was deleted since.
  static let scanGit = Check(
    "scan.git", "No object of the desired-state repository holds a secret", .critical, .deep,
    reference: "runbook 2", remedy: "rotate the secret, since history keeps it"
  ) { host in
    try await BlockingWork.run("scan-git") {
      var scan = GitScan(host)
      return scan.verdict()
    }
  }
}
