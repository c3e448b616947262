// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

public import ApplianceModel

/// Chooses the backend for `skills.runtimeIsolation`.
public enum SandboxChoice {
  public enum Isolation: String, Sendable, Codable, CaseIterable {
    /// The strongest usable sandbox, never none.
    case auto
    /// A container, or bubblewrap where it is named; else nothing runs.
    case strict
    /// No sandbox.
    case host
  }

  /// - Parameters:
  ///   - named: the backend the operator names, if any. It is used or nothing is.
  ///   - probes: what was found on this machine.
  /// - Returns: the configuration to run commands with, or why nothing may run
  ///   (`sandbox.unavailable`).
  public static func choose(
    isolation: Isolation, named: SandboxBackend?, probes: [SandboxProbe]
  ) -> Result<SandboxConfiguration, ApplianceError> {
    guard isolation != .host else {
      return named == nil || named == .host
        ? .success(.host)
        : refusal("isolation \"host\" and backend \"\(named?.rawValue ?? "")\" exclude each other")
    }
    guard named != .host else {
      return refusal("isolation \"\(isolation.rawValue)\" does not run commands on the host")
    }
    let standard: [SandboxBackend] =
      isolation == .strict ? [.podman, .docker] : [.podman, .docker, .bubblewrap]
    let allowed = named.map { [$0] } ?? standard
    let usable = probes.filter { $0.isUsable && allowed.contains($0.backend) }
    guard let best = usable.min(by: isStronger), let configuration = best.configuration else {
      return refusal(reason(allowed, probes))
    }
    return .success(configuration)
  }

  /// A backend that loses limits stands behind one that holds all.
  private static func isStronger(_ left: SandboxProbe, _ right: SandboxProbe) -> Bool {
    if left.missing.isEmpty != right.missing.isEmpty { return left.missing.isEmpty }
    return rank(left.backend) < rank(right.backend)
  }

  private static func rank(_ backend: SandboxBackend) -> Int {
    SandboxBackend.allCases.firstIndex(of: backend) ?? Int.max
  }

  private static func reason(_ allowed: [SandboxBackend], _ probes: [SandboxProbe]) -> String {
    let parts = allowed.map { backend in
      let problem = probes.first { $0.backend == backend }?.problem ?? "not examined"
      return "\(backend.rawValue): \(problem)"
    }
    return "no sandbox is usable (\(parts.joined(separator: "; ")))"
  }

  private static func refusal(
    _ message: String
  ) -> Result<SandboxConfiguration, ApplianceError> {
    .failure(
      ApplianceError(
        .sandboxUnavailable, message,
        hint: "install podman, docker or bubblewrap and run `kafclaw security check`"))
  }
}

extension ApplianceError.Code {
  /// No sandbox that the configuration allows is usable; nothing runs.
  public static let sandboxUnavailable = Self("sandbox.unavailable")
}
