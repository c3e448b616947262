// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO

extension Check {
  /// Somebody who can write to these folders, or put others in their place, owns the appliance.
  static let stateTrusted = Check(
    "state.trusted", "Nobody else can write to the appliance's folders or exchange them", .critical,
    reference: "runbook 1.5", remedy: "chmod go-w the folder that is named",
    detect: { host in
      let paths = host.paths
      var findings = Findings()
      var remedy: String?
      func require(_ path: String, _ body: () throws -> Void) {
        do {
          try body()
          try LinksOnTheWay.requireTrusted(to: path)
        } catch {
          let cause = ApplianceError.of(error)
          findings.add(cause.code == .fileUnsafe ? .fail : .unknown, cause.message)
          remedy = remedy ?? cause.hint
        }
      }
      let own = Set([paths.state, paths.runtime, paths.copies]).subtracting([paths.configuration])
      for folder in own.sorted() {
        require(folder) { try PrivateFolder.requireTrusted(folder) }
      }
      // The superuser may own the configuration, as of /etc.
      require(paths.configuration) {
        do { try PrivateFolder.requireTrustedFile(paths.configuration) } catch {
          let cause = ApplianceError.of(error)
          throw ApplianceError(
            cause.code, cause.message, hint: "chmod go-w \(paths.configuration)")
        }
      }
      let all = (own.union([paths.configuration])).sorted().joined(separator: ", ")
      return findings.verdict(otherwise: "only user \(host.user) can write: \(all)", remedy: remedy)
    })
}
