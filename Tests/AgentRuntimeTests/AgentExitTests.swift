// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import Testing

@testable import AgentRuntime

/// How an agent ends: in order when told to, at once when its supervisor is gone.
@Suite(.timeLimit(.minutes(2)))
struct AgentExitTests {
  @Test func exitLetsTheTurnThatWasBegunFinish() async throws {
    try await RunningAgent.runUntilExit { agent in
      let id = MessageID(rawValue: "m1")
      agent.supervisor.hold()
      agent.supervisor.give(RunningAgent.work("m1", "/write note.txt hi"))
      await agent.supervisor.wait { $0.held == 1 }
      // The answer may be lost with the socket when the agent ends at once.
      _ = try? await agent.link.call(.exit)
      #expect(agent.supervisor.finishes(of: id) == [])
      agent.supervisor.release()
      await agent.supervisor.wait { !$0.finishes(of: MessageID(rawValue: "m1")).isEmpty }
      #expect(agent.supervisor.finishes(of: id).count == 1)
      #expect(agent.exists("note.txt"))
      #expect(agent.supervisor.abandoned == [])
    }
  }

  @Test func nothingIsLeasedAfterTheExit() async throws {
    try await RunningAgent.runUntilExit { agent in
      agent.supervisor.hold()
      agent.supervisor.give(RunningAgent.work("m1", "/list"))
      await agent.supervisor.wait { $0.held == 1 && $0.leases == AgentService.workers }
      _ = try? await agent.link.call(.exit)  // as above
      agent.supervisor.release()
      await agent.supervisor.wait { !$0.finishes(of: MessageID(rawValue: "m1")).isEmpty }
      #expect(agent.supervisor.leases == AgentService.workers)
    }
  }

  /// Many times: an order that comes just before a worker begins to wait must not be lost. The
  /// supervisor here answers no lease that has no work: a worker that missed the order never ends.
  @Test func idleAgentExitsAtOnce() async throws {
    for _ in 1...15 {
      try await RunningAgent.runUntilExit { agent in
        _ = try? await agent.link.call(.exit)  // as above
      }
    }
  }

  @Test func agentWithoutAConfigurationExits() async throws {
    try await RunningAgent.run(isConfigured: false) { agent in
      _ = try? await agent.link.call(.exit)  // as above
    }
  }

  @Test func agentEndsWithItsSupervisor() async throws {
    try await RunningAgent.runUntilExit { agent in
      agent.supervisor.hold()
      agent.supervisor.give(RunningAgent.work("m1", "/list"))
      await agent.supervisor.wait { $0.held == 1 }
      agent.link.close()
    }
  }
}
