// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import AuditLog
import DesiredState
import FoundationEssentials
import Reconciliation
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
  private let containment: ContainmentGuard
  private var chosen: [Wish: SandboxConfiguration] = [:]
  private var failed: [Wish: (at: Date, error: ApplianceError)] = [:]

  init(audit: AuditTrail, tools: any ToolProcesses, containment: ContainmentGuard) {
    (self.audit, self.tools, self.containment) = (audit, tools, containment)
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
    try await outcome(of: .run(run), by: ToolName.exec, within: .seconds(timeout + 30))
  }

  /// Runs a script of a skill; returns when nothing of it is left.
  func run(_ order: SkillOrder) async throws -> SandboxOutcome {
    try await outcome(
      of: .skill(order), by: ToolName.runSkill, within: .seconds(order.run.limits.timeout + 30))
  }

  /// - Throws: `incident.contained` when an operator takes the tool away before it is done: what runs is killed.
  private func outcome(
    of order: ToolOrder, by tool: String, within limit: Duration
  ) async throws -> SandboxOutcome {
    guard containment.permits(tool: tool) else { throw Self.contained("it did not run") }
    guard !isClosed else { throw Self.stopping("it did not run") }
    running += 1
    defer {
      running -= 1
      finished.ring()
    }
    do {
      guard case .outcome(let outcome) = try await ask(order, unlessRefused: tool, within: limit)
      else { throw ToolReply.unexpected }
      return outcome
    } catch {
      leave(order)
      // Nobody is told that it ended before it did.
      if [.contained, .stopping].contains(ApplianceError.of(error).code) { await sweep() }
      throw error
    }
  }

  private func ask(
    _ order: ToolOrder, unlessRefused tool: String, within limit: Duration
  ) async throws -> ToolReply {
    try await withThrowingTaskGroup(of: ToolReply?.self) { [tools, containment] group in
      group.addTask { try await tools.ask(order, within: limit) }
      group.addTask {
        await containment.untilRefused(tool: tool)
        return nil
      }
      group.addTask {
        await self.untilClosed()
        return nil
      }
      defer { group.cancelAll() }
      guard let reply = try await group.next() ?? nil else {
        try Task.checkCancellation()
        throw isClosed ? Self.stopping("it was killed") : Self.contained("it was killed")
      }
      return reply
    }
  }

  // MARK: The end

  private var running = 0
  private var isClosed = false
  private let (finished, closed) = (WakeSignal(), WakeSignal())

  /// Kills what runs, and lets nothing begin any more.
  func close() {
    isClosed = true
    closed.ring()
  }

  private func untilClosed() async {
    while !Task.isCancelled, !isClosed {
      let seen = closed.generation
      guard !isClosed else { return }
      await closed.wait(after: seen, for: nil)
    }
  }

  /// Returns once nothing runs, or when the time is over.
  func idle(within limit: Duration) async {
    let end = ContinuousClock.now + limit
    while running > 0, ContinuousClock.now < end, !Task.isCancelled {
      await finished.wait(after: finished.generation, for: end - ContinuousClock.now)
    }
  }

  // MARK: What was killed

  /// Rings when something may have been left.
  nonisolated let leftBehind = WakeSignal()
  private var leftovers: [SandboxConfiguration] = []

  /// The process that had an engine start a command may be gone, and the command not.
  private func leave(_ order: ToolOrder) {
    guard let sandbox = order.sandbox, !leftovers.contains(sandbox) else { return }
    leftovers.append(sandbox)
    leftBehind.ring()
  }

  /// Ends what was left behind. Where a unit of its own starts the tools, that ends it itself.
  func sweep() async {
    while let sandbox = leftovers.popLast() {
      // `try?`: what is still there is swept with the next probe, and ends at its own limit.
      _ = try? await tools.ask(.sweep(sandbox), within: .seconds(60))
    }
  }

  private static func stopping(_ what: String) -> ApplianceError {
    ApplianceError(.stopping, "\(what): the appliance is stopping", hint: "kafclaw status")
  }

  private static func contained(_ what: String) -> ApplianceError {
    ApplianceError(
      .contained, "\(what): an operator took tools away", hint: "kafclaw incident show")
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
