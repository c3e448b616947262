// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DurableIO
import FoundationEssentials
import Tomb

extension Check {
  /// Whoever wrote a secret into a message knows it, and so does everything on its way.
  static let secretsExposed = Check(
    "secrets.exposed", "No secret that is in use was seen in a message", .critical, .security,
    reference: "runbook 3",
    remedy: "give it another value: kafclaw tomb rotate NAME, or the variable",
    detect: { host in
      let seen = try SecretExposures(host.paths).read()
      guard !seen.isEmpty else { return .pass("no message held a secret") }
      let problems = SecretExposures.unchanged(seen, in: try host.acts.liveSecrets()).map {
        "\($0.name) was seen at \($0.seen.formatted(.iso8601)) and has the same value still"
      }
      return .of(problems, otherwise: "every secret that was seen has been rotated")
    })

  /// A short value would be found by chance everywhere, so nobody looks for it.
  static let secretsWatched = Check(
    "secrets.watched", "Every secret is long enough to be looked for in messages", .low, .security,
    reference: "runbook 3",
    remedy: "choose a value of at least \(SecretTripwire.shortest) bytes",
    detect: { host in
      let short = SecretTripwire(secrets: try host.acts.liveSecrets()).unwatched
      return .of(
        short.map { "\($0) is shorter than \(SecretTripwire.shortest) bytes" }, .warn,
        otherwise: "every secret is looked for")
    })
}
