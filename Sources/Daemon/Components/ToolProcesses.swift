// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import Logging
import Sandbox
import ServiceLifecycle
import Supervision
import Synchronization

/// Where `tool` processes come from, one for each order.
protocol ToolProcesses: Sendable {
  /// - Throws: `process.failed` when the process ends, or takes longer; the process's own error.
  func ask(_ order: ToolOrder, within limit: Duration) async throws -> ToolReply

  /// Ends everything that runs, where a cancelled ``ask(_:within:)`` ends nothing.
  func endAll()
}

/// Children of this process.
struct OwnToolProcesses: ToolProcesses {
  let environment: [String: String]

  func endAll() {}

  func ask(_ order: ToolOrder, within limit: Duration) async throws -> ToolReply {
    // What engines leave behind is this process's to wait for.
    defer { ComponentProcess.reapOrphans() }
    return try await WorkerProcess(.tool, environment: environment, limit: limit)
      .call(order, reply: ToolReply.self)
  }
}

/// An order, and how long the process may take for it.
struct ToolJob: Sendable, Codable {
  let order: ToolOrder
  /// Seconds.
  let limit: Int
}

typealias ToolHostLink = Link<ToolJob, ToolReply, ToolJob, ToolReply>

/// The supervisor's side of the process that starts `tool` processes where the supervisor may not:
/// in a unit of its own, as the agent's user.
final class ToolHost: ToolProcesses, Service {
  /// How long the next process is waited for.
  private static let reconnection: Duration = .seconds(5)

  private let door: RoleSocket
  private let logger: Logger
  private let link = Mutex<ToolHostLink?>(nil)

  init(door: RoleSocket, logger: Logger) {
    (self.door, self.logger) = (door, logger)
  }

  /// Serves one connection after the other until it is to stop.
  func run() async throws {
    await withGracefulShutdownHandler {
      await cancelWhenGracefulShutdown {
        while !Task.isCancelled {
          do { try await self.serve() } catch {
            self.logger.debug("no process for tools", metadata: ["error": "\(error)"])
            // `try?`: cancellation ends the loop.
            try? await Task.sleep(for: .milliseconds(200))
          }
        }
      }
    } onGracefulShutdown: {
      self.end()
    }
    end()
  }

  /// Its process ends with the link, and what it started with it.
  func endAll() { link.withLock { $0?.close() } }

  private func end() {
    door.cancel()
    endAll()
  }

  func ask(_ order: ToolOrder, within limit: Duration) async throws -> ToolReply {
    guard case .sweep = order else { return try await askOnce(order, within: limit) }
    // Whoever ends what runs has often just hung up on its process: the next one answers.
    let end = ContinuousClock.now + Self.reconnection
    while true {
      do { return try await askOnce(order, within: limit) } catch let error as ApplianceError
        where [.sandboxUnavailable, .processFailed].contains(error.code)
      {
        guard ContinuousClock.now < end else { throw error }
        try await Task.sleep(for: .milliseconds(200))
      }
    }
  }

  private func askOnce(_ order: ToolOrder, within limit: Duration) async throws -> ToolReply {
    guard let link = link.withLock({ $0 }) else {
      throw ApplianceError(
        .sandboxUnavailable, "the process that runs commands is not there",
        hint: "systemctl status kafclaw-tools")
    }
    let job = ToolJob(order: order, limit: Int(limit.components.seconds))
    return try await withThrowingTaskGroup(of: ToolReply?.self) { group in
      group.addTask {
        do { return try await link.call(job) } catch let error as ApplianceError
          where error.code == .linkClosed
        {
          throw ApplianceError(.processFailed, "the process that runs commands ended")
        }
      }
      group.addTask {
        try await Task.sleep(for: limit + .seconds(10))
        return nil
      }
      defer { group.cancelAll() }
      guard let reply = try await group.next() ?? nil else {
        // It does not keep its own limits: what it does is not known, so it is hung up on.
        link.close()
        throw ApplianceError(.processFailed, "the process that runs commands does not answer")
      }
      return reply
    }
  }

  private func serve() async throws {
    let connection = try await door.start { [] }
    let link = ToolHostLink(owning: connection.socket, name: "tools")
    self.link.withLock { $0 = link }
    defer { self.link.withLock { $0 = nil } }
    logger.info("tools connected", metadata: ["pid": "\(connection.pid)"])
    await withTaskCancellationHandler {
      await link.run { _ in
        throw ApplianceError(.roleViolation, "the tools process asked for something")
      }
    } onCancel: {
      link.close()
    }
  }
}

/// The other side: starts a `tool` process for each order.
enum ToolHostProcess {
  static func serve() async {
    let tools = OwnToolProcesses(environment: ProcessEnvironment.ofChildren)
    let link = ToolHostLink(owning: componentLinkDescriptor, name: "tools")
    ComponentProcess.adoptOrphans()
    let used = Mutex<[SandboxConfiguration]>([])
    await link.run { job in
      if let sandbox = job.order.sandbox {
        used.withLock { if !$0.contains(sandbox) { $0.append(sandbox) } }
      }
      return try await tools.ask(job.order, within: .seconds(max(1, min(job.limit, 86_400))))
    }
    // What was asked for is killed by now; what engines run for it is not.
    for sandbox in used.withLock({ $0 }) {
      // `try?`: the next probe tries again.
      _ = try? await tools.ask(.sweep(sandbox), within: .seconds(30))
    }
  }
}
