// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState

extension Check {
  /// What lies beside the agent's files is read and changed like them.
  static let foldersIsolated = Check(
    "folders.isolated", "The agent's folders are apart from sensitive paths", .critical, .security,
    reference: "runbook 1.4", remedy: "choose folders of their own for workspace and workRepo",
    detect: { try FolderLook.verdict($0) })
}

enum FolderLook {
  static func verdict(_ host: Host) throws -> Verdict {
    guard let spec = try host.validState?.spec else { return .noDesiredState }
    return .of(
      host.acts.folderProblems(spec),
      otherwise: "\(spec.agent.workspace) and \(spec.agent.workRepo) are apart")
  }
}
