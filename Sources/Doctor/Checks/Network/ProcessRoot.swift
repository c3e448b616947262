// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel

extension Check {
  /// What an agent is talked into as root has no limits.
  static let processRoot = Check(
    "process.root", "Nothing of the appliance runs as root", .critical, .security,
    reference: "runbook 1.1",
    remedy: "run it as a user of its own, and unset KAFCLAW_ALLOW_ROOT",
    detect: { host in
      var findings = Findings()
      if host.user == 0 { findings.add(.fail, "this command runs as root") }
      if host.environment["KAFCLAW_ALLOW_ROOT"] == "1" {
        findings.add(.fail, "KAFCLAW_ALLOW_ROOT=1 would let the appliance run as root")
      }
      let running = host.isRunning ? ProcessUsers.look(host, &findings) : "no appliance is running"
      return findings.verdict(otherwise: "this command runs as user \(host.user); \(running)")
    })
}

private enum ProcessUsers {
  /// - Returns: What was looked at.
  static func look(_ host: Host, _ findings: inout Findings) -> String {
    do {
      let processes = try ApplianceProcess.all(of: host)
      for process in processes { look(at: process, host.system, &findings) }
      return "\(processes.map(\.shown).listed()) run as other users than root"
    } catch {
      findings.add(.unknown, ApplianceError.of(error).message)
      return ""
    }
  }

  private static func look(
    at process: ApplianceProcess, _ system: SystemFiles, _ findings: inout Findings
  ) {
    do {
      guard let users = try process.users(system) else {
        return findings.add(.unknown, "\(process.shown) is not there, or hidden")
      }
      if users.contains(0) { findings.add(.fail, "\(process.shown) runs as root") }
    } catch {
      findings.add(.unknown, "\(process.shown): \(ApplianceError.of(error).message)")
    }
  }
}
