// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState
import Sandbox

extension Check {
  /// The known ways out are really tried.
  static let sandboxEscape = Check(
    "sandbox.escape", "Nothing gets out of the sandbox", .critical, .deep,
    reference: "runbook 9", remedy: "do not let the agent run commands until this passes",
    detect: { host in
      guard let skills = try host.validState?.spec.skills else { return .noDesiredState }
      guard case .success(let chosen) = try await SandboxLook(skills).choice(host),
        chosen.backend != .host
      else { return Verdict(.fail, "there is no sandbox to get out of") }
      let findings = try await host.acts.escape(chosen)
      guard !findings.isEmpty else { return Verdict(.unknown, "nothing was tried") }
      let broken = findings.filter { !$0.held }
      return .of(
        broken.map { "\($0.name): \($0.evidence)" },
        otherwise: "\(findings.count) attempts in \(chosen.backend.rawValue), none got out")
    })
}
