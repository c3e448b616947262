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
  let desk: SandboxDesk
  let tools: any ToolProcesses
  let containment: ContainmentGuard
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await self.sweepForFormerSupervisor()
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.sweepAgain() }
        group.addTask { await self.endWhatIsRefused() }
        await group.waitForAll()
      }
    }
    // A command may come to its end, but where somebody ordered the appliance to stand still.
    if containment.current.standstill == nil { await desk.idle(within: .seconds(5)) }
    await desk.close()
    await desk.idle(within: .seconds(20))
    await desk.sweep()
  }

  /// One that was killed while tools are taken away left what it ran; a probe finds it.
  private func sweepForFormerSupervisor() async {
    guard !containment.permits(tool: ToolName.exec) else { return }
    do { _ = try await desk.probe([.podman, .docker]) } catch {
      logger.info(
        "cannot look for commands of before",
        metadata: ["error": "\(ApplianceError.of(error).message)"])
    }
  }

  private func sweepAgain() async {
    while !Task.isCancelled {
      let seen = desk.leftBehind.generation
      await desk.sweep()
      await desk.leftBehind.wait(after: seen, for: nil)
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
