// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import DesiredState
import Sandbox

extension Check {
  /// What a skill or a command runs must not be able to do what the appliance can.
  static let goLiveIsolation = Check(
    "go-live.isolation", "Skills and commands run isolated", .high, .goLive,
    reference: "runbook 5", remedy: "install podman or docker, and set runtimeIsolation: strict",
    detect: { host in
      guard try host.validState != nil else {
        return Verdict(.fail, "there is no desired state to say how commands are isolated")
      }
      if let skills = try host.validState?.spec.skills,
        case .success(let chosen) = try await SandboxLook(skills).choice(host),
        !chosen.enforced.contains(.memory)
      {
        return Verdict(
          .fail, "\(chosen.backend.rawValue) does not limit the memory of a command as a whole",
          remedy: "delegate control groups to the service user (podman: version 2), or use docker")
      }
      return try await Check.sandboxIsolation.detect(host)
    })
}
