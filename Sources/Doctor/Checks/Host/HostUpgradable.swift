// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

extension Check {
  /// As `host.updates`, by asking apt itself, which takes seconds. Nothing is fetched or changed.
  static let hostUpgradable = Check(
    "host.upgradable", "No update is pending", .medium, .deep,
    reference: "runbook 1.5", remedy: "apt-get update && apt-get dist-upgrade",
    detect: { host in
      guard try host.system.isDebian else { return .notDebian }
      let apt = ProgramRun(
        path: host.system.path("/usr/bin/apt-get"),
        // As `upgrade`, but with what comes in new packages: kernels do.
        arguments: ["-s", "-o", "Debug::NoLocking=1", "dist-upgrade"])
      let outcome = try await apt.run()
      guard outcome.status == 0 else {
        return Verdict(.unknown, "apt-get -s dist-upgrade exited with \(outcome.status)")
      }
      return PendingUpgrade.verdict(
        PendingUpgrade.all(in: String(decoding: outcome.output, as: UTF8.self)))
    })
}

/// A package that `apt-get -s` would install.
struct PendingUpgrade: Sendable, Equatable {
  let name: String
  let isSecurity: Bool

  /// The lines `Inst NAME [OLD] (NEW ORIGIN:VERSION/SUITE, … [ARCHITECTURE])`.
  static func all(in text: String) -> [PendingUpgrade] {
    text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ", maxSplits: 2)
      guard words.count == 3, words[0] == "Inst" else { return nil }
      let sources = words[2].drop { $0 != "(" }.prefix { $0 != ")" }
      return PendingUpgrade(
        name: VisibleText.escape(String(words[1])),
        isSecurity: sources.lowercased().contains("security"))
    }
  }

  static func verdict(_ pending: [PendingUpgrade]) -> Verdict {
    let security = pending.filter(\.isSecurity).map(\.name)
    let others = pending.filter { !$0.isSecurity }.map(\.name)
    var findings = Findings()
    if !security.isEmpty {
      findings.add(.fail, "\(security.count) pending with security fixes: \(security.listed())")
    }
    if !others.isEmpty { findings.add(.warn, "\(others.count) pending: \(others.listed())") }
    return findings.verdict(otherwise: "apt knows of no package to upgrade")
  }
}
