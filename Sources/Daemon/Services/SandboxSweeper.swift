// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import Logging
import Sandbox
import ServiceLifecycle
import Supervision

/// Sees to it that no command outlives whoever may end it: what engines run for a process that was killed, and what
/// runs in a unit of its own when an operator takes tools away.
struct SandboxSweeper: Service {
  /// Until a sweep that failed is tried again.
  private static let pause: Duration = .seconds(10)

  let desk: SandboxDesk
  let tools: any ToolProcesses
  let containment: ContainmentGuard
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.sweepForFormerSupervisor() }
        group.addTask { await self.sweepAgain() }
        group.addTask { await self.endWhatIsRefused() }
        await group.waitForAll()
      }
    }
    // A command may come to its end, but where somebody ordered the appliance to stand still.
    if containment.current.standstill == nil { await desk.runs.idle(within: .seconds(5)) }
    await desk.runs.close()
    await desk.runs.idle(within: .seconds(20))
    // A unit of its own that stops too does not answer any more, and has ended what it ran.
    if await !desk.runs.sweep() { logger.info("nobody says whether what was killed has ended") }
  }

  /// One that was killed while tools are taken away left what it ran.
  private func sweepForFormerSupervisor() async {
    while !Task.isCancelled, !containment.permits(tool: ToolName.exec) {
      do {
        for probe in try await desk.probe([.podman, .docker]) {
          if let sandbox = probe.configuration { await desk.runs.endLater(sandbox) }
        }
        return
      } catch {
        logger.info(
          "cannot look for commands of before yet",
          metadata: ["error": "\(ApplianceError.of(error).message)"])
      }
      // `try?`: a cancelled pause only ends early.
      try? await Task.sleep(for: Self.pause)
    }
  }

  private func sweepAgain() async {
    while !Task.isCancelled {
      let seen = desk.runs.leftBehind.generation
      let isDone = await desk.runs.sweep()
      if !isDone { logger.warning("cannot end what was killed; it is tried again") }
      await desk.runs.leftBehind.wait(after: seen, for: isDone ? nil : Self.pause)
    }
  }

  /// Also of calls that nobody waits for any more.
  private func endWhatIsRefused() async {
    while !Task.isCancelled {
      await containment.untilRefused(tool: ToolName.exec)
      guard !Task.isCancelled else { return }
      tools.endAll()
      await containment.untilPermitted(tool: ToolName.exec)
    }
  }
}
