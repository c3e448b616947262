// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO

extension Check {
  /// `appliance.yaml` says which repository is followed and who may sign: whoever can write it
  /// decides about the host.
  static let bootstrapValid = Check(
    "bootstrap.valid", "appliance.yaml is valid, and nobody else can write it", .high,
    reference: "runbook 5.1", remedy: "correct appliance.yaml",
    detect: { host in
      let file = host.paths.bootstrapFile
      do {
        guard try host.bootstrap.get() != nil else {
          return Verdict(
            .warn, "there is no \(file), and kafclaw run needs it",
            remedy: "write into \(file): version: 1, and source: with repository, branch and verify"
          )
        }
        try PrivateFolder.requireTrustedFile(file)
        return .pass("\(file) is valid")
      } catch let error as ApplianceError where error.code != .fileFailed {
        let lines = error.message.split(separator: "\n").map(String.init)
        return Verdict(.fail, Findings.shortened(lines), remedy: error.hint)
      }
    })
}
