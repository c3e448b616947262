// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DesiredState
import Sandbox

extension Check {
  /// A sandbox that is only declared holds nothing: one is started, by the user of this command, and
  /// what it holds is looked at.
  static let sandboxIsolation = Check(
    "sandbox.isolation", "Commands run in a sandbox that holds", .high, .security,
    reference: "runbook 9", remedy: "install podman, docker or bubblewrap for the service user",
    detect: { host in
      guard let skills = try host.validState?.spec.skills else { return .noDesiredState }
      let choice = try await SandboxLook(skills).choice(host)
      switch choice {
      case .failure(let error): return Verdict(.fail, error.message)
      case .success(let chosen) where chosen.backend == .host:
        return Verdict(
          .fail, "skills.runtimeIsolation is host: commands run without a sandbox",
          remedy: "set skills.runtimeIsolation: strict")
      case .success(let chosen):
        return .pass(
          "\(chosen.backend.rawValue) ran as user \(host.user) and held "
            + chosen.enforced.map(\.rawValue).joined(separator: ", "))
      }
    })

  /// Engines can lose a limit silently, as rootless podman does on control groups of version 1.
  static let sandboxLimits = Check(
    "sandbox.limits", "The sandbox holds every limit", .medium, .security,
    reference: "runbook 9", remedy: "delegate control groups of version 2 to the service user",
    detect: { host in
      guard let skills = try host.validState?.spec.skills else { return .noDesiredState }
      let look = SandboxLook(skills)
      guard case .success(let chosen) = try await look.choice(host), chosen.backend != .host
      else { return .notApplicable("there is no sandbox") }
      let missing = SandboxControl.allCases.filter { !chosen.enforced.contains($0) }
      return .of(
        missing.isEmpty
          ? []
          : [
            "\(chosen.backend.rawValue) does not hold "
              + missing.map(\.rawValue).joined(separator: ", ")
          ], .warn, otherwise: "\(chosen.backend.rawValue) holds every limit")
    })
}

/// The sandbox that the desired state leads to on this host.
struct SandboxLook {
  let isolation: SandboxChoice.Isolation
  let named: SandboxBackend?

  init(_ skills: SkillsSpec) {
    isolation = SandboxChoice.Isolation(rawValue: skills.runtimeIsolation.rawValue) ?? .strict
    named = skills.sandbox.flatMap { SandboxBackend(rawValue: $0.rawValue) }
  }

  func choice(_ host: Host) async throws -> Result<SandboxConfiguration, ApplianceError> {
    let probes = isolation == .host ? [] : try await host.acts.sandboxes()
    return SandboxChoice.choose(isolation: isolation, named: named, probes: probes)
  }
}
