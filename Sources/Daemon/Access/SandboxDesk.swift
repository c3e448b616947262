// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import DesiredState
import FoundationEssentials
import Sandbox
import Skills
import Supervision
import Tools

/// Knows the sandbox that commands run in. It is chosen once and kept: what fails later fails, and
/// nothing weaker takes its place.
actor SandboxDesk {
  private struct Wish: Hashable {
    let isolation: RuntimeIsolation
    let named: SandboxBackend?
  }

  /// How long a choice that failed is not tried again. Seconds.
  private static let patience: TimeInterval = 30

  private let audit: AuditTrail
  private let tools: any ToolProcesses
  nonisolated let runs: ToolRuns
  private var chosen: [Wish: SandboxConfiguration] = [:]
  private var failed: [Wish: (at: Date, error: ApplianceError)] = [:]

  init(audit: AuditTrail, tools: any ToolProcesses, containment: ContainmentGuard) {
    (self.audit, self.tools) = (audit, tools)
    runs = ToolRuns(tools: tools, containment: containment)
  }

  /// - Throws: `sandbox.unavailable` when none that is allowed is usable.
  func configuration(
    _ isolation: RuntimeIsolation, named: SandboxBackend?
  ) async throws -> SandboxConfiguration {
    let wish = Wish(isolation: isolation, named: named)
    if let known = chosen[wish] { return known }
    if let last = failed[wish], Date().timeIntervalSince(last.at) < Self.patience {
      throw last.error
    }
    do {
      let configuration = try await choose(wish)
      chosen[wish] = configuration
      return configuration
    } catch {
      failed[wish] = (Date(), ApplianceError.of(error))
      throw error
    }
  }

  private func choose(_ wish: Wish) async throws -> SandboxConfiguration {
    let probes = try await probe(Self.candidates(wish))
    let isolation = SandboxChoice.Isolation(rawValue: wish.isolation.rawValue) ?? .strict
    let choice = SandboxChoice.choose(isolation: isolation, named: wish.named, probes: probes)
    let now = Date()
    switch choice {
    case .success(let configuration):
      try tell(configuration.backend.rawValue, .done, ["isolation": wish.isolation.rawValue], now)
      return configuration
    case .failure(let error):
      try tell("none", .failed, ["why": error.message], now)
      throw error
    }
  }

  private static func candidates(_ wish: Wish) -> [SandboxBackend] {
    if wish.isolation == .host { return [] }
    if let named = wish.named { return [named] }
    return wish.isolation == .strict ? [.podman, .docker] : [.podman, .docker, .bubblewrap]
  }

  /// What the sandboxes of this host do.
  func probe(_ backends: [SandboxBackend]) async throws -> [SandboxProbe] {
    guard !backends.isEmpty else { return [] }
    let reply = try await tools.ask(.probe(backends), within: .seconds(120))
    guard case .probes(let probes) = reply else { throw ToolReply.unexpected }
    return probes
  }

  /// Tries to break out of a sandbox, in every way that is known.
  func escape(_ sandbox: SandboxConfiguration) async throws -> [EscapeFinding] {
    let reply = try await tools.ask(.escape(sandbox), within: .seconds(180))
    guard case .findings(let findings) = reply else { throw ToolReply.unexpected }
    return findings
  }

  /// Runs an authorised call; returns when nothing of it is left.
  func run(_ run: ToolRun, timeout: Int) async throws -> SandboxOutcome {
    try await runs.outcome(of: .run(run), by: ToolName.exec, within: .seconds(timeout + 30))
  }

  /// Runs a script of a skill; returns when nothing of it is left.
  func run(_ order: SkillOrder) async throws -> SandboxOutcome {
    try await runs.outcome(
      of: .skill(order), by: ToolName.runSkill, within: .seconds(order.run.limits.timeout + 30))
  }

  private func tell(
    _ name: String, _ outcome: AuditEvent.Outcome, _ details: [String: String], _ now: Date
  ) throws {
    try audit.record(
      [
        AuditEvent(
          .sandbox, by: "supervisor", on: "sandbox/\(name)", outcome, at: now, details: details)
      ], at: now)
  }
}
