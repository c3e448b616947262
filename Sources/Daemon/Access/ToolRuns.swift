// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Reconciliation
import Sandbox
import Supervision

/// The commands and scripts that run. Each ends when an operator takes its tool away, or when the appliance stops;
/// what an engine goes on with for a process that was killed is swept.
actor ToolRuns {
  private let tools: any ToolProcesses
  private let containment: ContainmentGuard

  private var running = 0
  private var isClosed = false
  private var leftovers: [SandboxConfiguration] = []
  private let (finished, closed) = (WakeSignal(), WakeSignal())
  /// Rings when something may have been left.
  nonisolated let leftBehind = WakeSignal()

  init(tools: any ToolProcesses, containment: ContainmentGuard) {
    (self.tools, self.containment) = (tools, containment)
  }

  /// Carries out an order.
  ///
  /// - Throws: `incident.contained` and `reconciler.stopping` when it did not run, or was killed.
  func outcome(
    of order: ToolOrder, by tool: String, within limit: Duration
  ) async throws -> SandboxOutcome {
    guard containment.permits(tool: tool) else { throw Ending.contained.error("it did not run") }
    guard !isClosed else { throw Ending.stopping.error("it did not run") }
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
      guard let ending = error as? Ending ?? ending(of: tool) else {
        if let sandbox = order.sandbox { endLater(sandbox) }
        throw error
      }
      // Nobody is told that it ended before it did, and a unit of its own goes on with it until it is hung up on.
      tools.endAll()
      let isEnded = await end(order)
      throw ending.error(isEnded ? "it was killed" : "it was killed, and may still run in part")
    }
  }

  /// What ends commands of this tool now; `nil` where they may run.
  private func ending(of tool: String) -> Ending? {
    if isClosed { return .stopping }
    return containment.permits(tool: tool) ? nil : .contained
  }

  /// Why something is not carried out to its end.
  private enum Ending: Error {
    case contained
    case stopping

    func error(_ what: String) -> ApplianceError {
      switch self {
      case .contained:
        ApplianceError(
          .contained, "\(what): an operator took tools away", hint: "kafclaw incident show")
      case .stopping:
        ApplianceError(.stopping, "\(what): the appliance is stopping", hint: "kafclaw status")
      }
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
        throw ending(of: tool) ?? .contained
      }
      return reply
    }
  }

  // MARK: The end

  /// Kills what runs, and lets nothing begin any more.
  func close() {
    isClosed = true
    closed.ring()
    tools.endAll()
  }

  private func untilClosed() async {
    while !Task.isCancelled, !isClosed {
      await closed.wait(after: closed.generation, for: nil)
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

  /// Ends what is left of an order that was killed; what stays is ended later.
  ///
  /// - Returns: Whether nothing of it runs any more.
  private func end(_ order: ToolOrder) async -> Bool {
    guard let sandbox = order.sandbox else { return true }
    if await end(sandbox) { return true }
    endLater(sandbox)
    return false
  }

  /// Notes that something may run on: the process that had an engine start it may be gone, and it not.
  func endLater(_ sandbox: SandboxConfiguration) {
    if !leftovers.contains(sandbox) { leftovers.append(sandbox) }
    leftBehind.ring()
  }

  /// Ends what was left behind.
  ///
  /// - Returns: Whether nothing is left; else it has to be called again.
  func sweep() async -> Bool {
    let found = leftovers
    leftovers = []
    for sandbox in found where !(await end(sandbox)) {
      if !leftovers.contains(sandbox) { leftovers.append(sandbox) }
    }
    return leftovers.isEmpty
  }

  private func end(_ sandbox: SandboxConfiguration) async -> Bool {
    do {
      guard case .done = try await tools.ask(.sweep(sandbox), within: .seconds(60)) else {
        return false
      }
      return true
    } catch {
      return false
    }
  }
}
