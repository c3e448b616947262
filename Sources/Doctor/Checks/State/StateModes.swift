// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO

extension Check {
  /// Timeline, audit log, keys and credentials are for the appliance's user alone.
  static let stateModes = Check(
    "state.modes", "Files of the appliance are its own alone", .high,
    reference: "runbook 1.4", remedy: "kafclaw doctor --fix",
    repair: { host in
      let own = OwnFiles(host.paths)
      return ModeRule(host, own.files).repairs(own.files)
    },
    detect: { host in
      let own = OwnFiles(host.paths)
      guard !own.files.isEmpty || !own.unread.isEmpty else {
        return .notApplicable("the appliance has no files on this host")
      }
      let rule = ModeRule(host, own.files)
      var findings = Findings()
      for file in own.files {
        if let problem = rule.problem(with: file) { findings.add(.fail, problem) }
      }
      for problem in own.unread { findings.add(.unknown, problem) }
      if own.isCut {
        findings.add(
          .unknown,
          "there are more than \(own.files.count) files and folders; the rest was not "
            + "looked at")
      }
      return findings.verdict(
        otherwise: "\(own.files.count) files and folders were looked at")
    })
}
