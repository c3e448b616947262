// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import DurableIO
import Foundation
import Reconciliation
import Sandbox
import Supervision
import Synchronization
import Testing

@testable import Daemon

/// Processes for tools whose commands run until somebody ends them.
private final class EndlessTools: ToolProcesses {
  private struct State {
    var sweeps = 0
    var failures = 0
    var isEnded = false
  }

  private let state: Mutex<State>
  let begun = WakeSignal()
  private let ended = WakeSignal()

  /// - Parameter failures: So many sweeps fail.
  init(failures: Int = 0) { state = Mutex(State(failures: failures)) }

  var sweeps: Int { state.withLock { $0.sweeps } }
  var isEnded: Bool { state.withLock { $0.isEnded } }

  func ask(_ order: ToolOrder, within limit: Duration) async throws -> ToolReply {
    if case .sweep = order {
      let isFailing = state.withLock { state in
        state.sweeps += 1
        state.failures -= 1
        return state.failures >= 0
      }
      if isFailing { throw ApplianceError(.sandboxFailed, "the engine does not answer") }
      return .done
    }
    begun.ring()
    while true {
      let seen = ended.generation
      if isEnded { break }
      try Task.checkCancellation()
      await ended.wait(after: seen, for: nil)
    }
    throw ApplianceError(.processFailed, "the process that runs commands ended")
  }

  func endAll() {
    state.withLock { $0.isEnded = true }
    ended.ring()
  }
}

/// What becomes of a command that is ended.
struct ToolRunsTests {
  private static let order = ToolOrder.run(
    ToolRun(
      sandbox: .host, arguments: .null, profiles: [:], workspace: "/w", workRepo: "/r",
      digest: Digest(rawValue: "sha256:0")))

  /// Runs a command, does something once it runs, and returns how it ended.
  private func end(
    _ runs: ToolRuns, _ tools: EndlessTools, by deed: @escaping @Sendable () async throws -> Void
  ) async throws -> ApplianceError? {
    try await withThrowingTaskGroup(of: Void.self) { group in
      let seen = tools.begun.generation
      group.addTask {
        await tools.begun.wait(after: seen, for: nil)
        try await deed()
      }
      do {
        _ = try await runs.outcome(of: Self.order, by: ToolName.exec, within: .seconds(60))
      } catch {
        try await group.waitForAll()
        return ApplianceError.of(error)
      }
      return nil
    }
  }

  private func contain(_ bench: AccessBench) throws {
    for folder in bench.paths.folders { try PrivateFolder.create(folder) }
    _ = try bench.containment.change { state in
      state.containment = Containment(
        id: "i-1", level: .tools, reason: "odd", by: "operator:0", since: Date())
    }
  }

  @Test("contained: it is told as killed once nothing of it is left")
  func contained() async throws {
    try await withBench { bench in
      let tools = EndlessTools()
      let runs = ToolRuns(tools: tools, containment: bench.containment)
      let error = try await end(runs, tools) { try contain(bench) }
      #expect(error?.code == .contained)
      #expect(error?.message.hasPrefix("it was killed: ") == true, "\(String(describing: error))")
      #expect(tools.sweeps == 1 && tools.isEnded)
      let again = await #expect(throws: ApplianceError.self) {
        try await runs.outcome(of: Self.order, by: ToolName.exec, within: .seconds(60))
      }
      #expect(again?.message.hasPrefix("it did not run: ") == true)
    }
  }

  @Test("what could not be ended is told so, and ended later; the sweeper is woken for it")
  func left() async throws {
    try await withBench { bench in
      let tools = EndlessTools(failures: 2)
      let runs = ToolRuns(tools: tools, containment: bench.containment)
      let before = runs.leftBehind.generation
      let error = try await end(runs, tools) { try contain(bench) }
      #expect(error?.message.contains("may still run in part") == true)
      #expect(runs.leftBehind.generation > before)
      #expect(await !runs.sweep())
      #expect(await runs.sweep())
      #expect(tools.sweeps == 3)
      #expect(await runs.sweep())
      #expect(tools.sweeps == 3)
    }
  }

  @Test("stopping: commands in a unit of its own end with it, and that is what is told")
  func stopping() async throws {
    try await withBench { bench in
      let tools = EndlessTools()
      let runs = ToolRuns(tools: tools, containment: bench.containment)
      let error = try await end(runs, tools) { await runs.close() }
      #expect(error?.code == .stopping && tools.isEnded)
      #expect(error?.message.hasPrefix("it was killed: ") == true, "\(String(describing: error))")
    }
  }

  @Test("a process that fails by itself is told as that, and what it left is ended later")
  func failed() async throws {
    try await withBench { bench in
      let tools = EndlessTools()
      let runs = ToolRuns(tools: tools, containment: bench.containment)
      let before = runs.leftBehind.generation
      let error = try await end(runs, tools) { tools.endAll() }
      #expect(error?.code == .processFailed && tools.sweeps == 0)
      #expect(runs.leftBehind.generation > before)
      #expect(await runs.sweep())
      #expect(tools.sweeps == 1)
    }
  }
}
