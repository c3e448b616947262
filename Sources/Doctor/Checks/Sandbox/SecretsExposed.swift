// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DurableIO
import FoundationEssentials
import Tomb

extension Check {
  /// Whoever wrote a secret into a message knows it, and so does everything on its way.
  static let secretsExposed = Check(
    "secrets.exposed", "No secret that is in use was seen in a message", .critical, .security,
    reference: "runbook 3", remedy: "rotate it: kafclaw tomb rotate NAME",
    detect: { host in
      let seen = try ExposureFile(host.paths).read()
      guard !seen.isEmpty else { return .pass("no message held a secret") }
      let entries = try host.presentTomb?.list() ?? []
      let problems = seen.sorted { $0.key < $1.key }.compactMap { name, at -> String? in
        let rotated = entries.first { $0.name == name }?.rotated
        if let rotated, rotated > at { return nil }
        return "\(name) was seen at \(at.formatted(.iso8601)) and not rotated since"
      }
      return .of(problems, otherwise: "every secret that was seen has been rotated")
    })
}
