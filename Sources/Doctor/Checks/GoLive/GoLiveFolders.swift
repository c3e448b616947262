// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

extension Check {
  /// As `folders.isolated`; here a missing desired state is none that is apart.
  static let goLiveFolders = Check(
    "go-live.folders", "Workspace and work repo are isolated", .critical, .goLive,
    reference: "runbook 5", remedy: "choose folders of their own for workspace and workRepo",
    detect: { host in
      let verdict = try FolderLook.verdict(host)
      return verdict.applies ? verdict : Verdict(.fail, verdict.evidence)
    })
}
