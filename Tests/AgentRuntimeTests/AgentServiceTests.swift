// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ControlAPI
import ModelProviders
import Synchronization
import Testing

@testable import AgentRuntime

/// Whole turns over a real socket.
@Suite(.timeLimit(.minutes(1)))
struct AgentServiceTests {
  private let id = MessageID(rawValue: "m1")

  @Test func messageIsAnsweredOnce() async throws {
    try await RunningAgent.run { agent in
      agent.supervisor.give(RunningAgent.work("m1", "hello"))
      await agent.supervisor.wait { !$0.finishes(of: MessageID(rawValue: "m1")).isEmpty }
      agent.supervisor.give(RunningAgent.work("m2", "hello again"))
      await agent.supervisor.wait { !$0.finishes(of: MessageID(rawValue: "m2")).isEmpty }
      let finishes = agent.supervisor.finishes(of: id)
      #expect(finishes.map(\.reply) == ["Claw (offline): you said: hello"])
      #expect(finishes.allSatisfy { $0.usage.input > 0 && $0.usage.output > 0 })
      #expect(agent.supervisor.steps(of: id) == [])
    }
  }

  @Test func intentIsRecordedBeforeTheEffectAndTheResultAfterIt() async throws {
    try await RunningAgent.run { agent in
      let seen = Mutex<[(TurnStep, Bool)]>([])
      agent.supervisor.whenRecording { step in
        seen.withLock { $0.append((step, agent.exists("note.txt"))) }
      }
      agent.supervisor.give(RunningAgent.work("m1", "/write note.txt hi\n/read note.txt"))
      await agent.supervisor.wait { !$0.finishes(of: MessageID(rawValue: "m1")).isEmpty }
      let steps = seen.withLock { $0 }
      #expect(
        steps.map(\.0) == [
          .intent(
            ToolCall(
              index: 0, tool: "write_file", arguments: ["path": "note.txt", "content": "hi"],
              batch: 0)),
          .result(index: 0, .success("wrote 2 bytes to note.txt")),
          .intent(
            ToolCall(index: 1, tool: "read_file", arguments: ["path": "note.txt"], batch: 1)),
          .result(index: 1, .success("hi")),
        ])
      #expect(steps.map(\.1) == [false, true, true, true])
      let reply = "write_file: wrote 2 bytes to note.txt\nread_file: hi"
      #expect(agent.supervisor.finishes(of: id).map(\.reply) == [reply])
    }
  }

  @Test func interruptedCallIsNotRepeated() async throws {
    try await RunningAgent.run { agent in
      let call = ToolCall(
        index: 0, tool: "write_file", arguments: ["path": "note.txt", "content": "hi"])
      agent.supervisor.give(
        RunningAgent.work(
          "m1", "/write note.txt hi", steps: [.intent(call), .authorised(index: 0)]))
      await agent.supervisor.wait { !$0.finishes(of: MessageID(rawValue: "m1")).isEmpty }
      #expect(agent.supervisor.steps(of: id) == [.result(index: 0, .outcomeUnknown)])
      #expect(!agent.exists("note.txt"))
      let reply = "write_file: outcome unknown: interrupted, not repeated"
      #expect(agent.supervisor.finishes(of: id).map(\.reply) == [reply])
    }
  }

  @Test func callThatIsDeniedDoesNotRun() async throws {
    try await RunningAgent.run { agent in
      agent.supervisor.say(.denied("write_file is denied by tools.deny"), of: 0)
      agent.supervisor.give(RunningAgent.work("m1", "/write note.txt hi\n/list"))
      await agent.supervisor.wait { !$0.finishes(of: MessageID(rawValue: "m1")).isEmpty }
      #expect(!agent.exists("note.txt"))
      let reply = try #require(agent.supervisor.finishes(of: id).first).reply
      #expect(
        reply == "write_file: failed: write_file is denied by tools.deny\nlist_dir: (empty)")
    }
  }

  @Test func toolThatTheTurnWasNotGivenDoesNotRunThoughItIsPermitted() async throws {
    try await RunningAgent.run { agent in
      agent.supervisor.give(
        RunningAgent.work("m1", "/write note.txt hi", tools: ["read_file"]))
      await agent.supervisor.wait { !$0.finishes(of: MessageID(rawValue: "m1")).isEmpty }
      #expect(!agent.exists("note.txt"))
    }
  }

  @Test func turnThatIsParkedEndsWithoutAReply() async throws {
    try await RunningAgent.run { agent in
      agent.supervisor.say(.parked(ApprovalID(rawValue: "a1")), of: 0)
      agent.supervisor.give(RunningAgent.work("m1", "/write note.txt hi"))
      agent.supervisor.give(RunningAgent.work("m2", "hello"))
      await agent.supervisor.wait { !$0.finishes(of: MessageID(rawValue: "m2")).isEmpty }
      #expect(agent.supervisor.finishes(of: id) == [])
      #expect(agent.supervisor.abandoned == [])
      #expect(!agent.exists("note.txt"))
    }
  }

  @Test func execIsCarriedOutOutsideTheAgent() async throws {
    try await RunningAgent.run { agent in
      agent.supervisor.give(RunningAgent.work("m1", "/call exec {\"profile\":\"id\"}"))
      await agent.supervisor.wait { !$0.finishes(of: MessageID(rawValue: "m1")).isEmpty }
      #expect(agent.supervisor.executed == [0])
      #expect(agent.supervisor.finishes(of: id).map(\.reply) == ["exec: ran 0"])
    }
  }

  @Test func modelSeesAResultAsItWasStored() async throws {
    try await RunningAgent.run { agent in
      agent.supervisor.replace { step in
        guard case .result(let index, _) = step else { return step }
        return .result(index: index, .failure("withheld"))
      }
      agent.supervisor.give(RunningAgent.work("m1", "/list"))
      await agent.supervisor.wait { !$0.finishes(of: MessageID(rawValue: "m1")).isEmpty }
      #expect(agent.supervisor.finishes(of: id).map(\.reply) == ["list_dir: failed: withheld"])
    }
  }

  @Test func tokensAreReservedBeforeAndSettledAfterEachAnswer() async throws {
    try await RunningAgent.run { agent in
      agent.supervisor.give(RunningAgent.work("m1", "/list"))
      await agent.supervisor.wait { !$0.finishes(of: MessageID(rawValue: "m1")).isEmpty }
      #expect(agent.supervisor.reserved.count == 2)
      #expect(agent.supervisor.settled.count == 2)
      let usage = try #require(agent.supervisor.finishes(of: id).first).usage
      let settled = agent.supervisor.settled.compactMap { $0 }
      #expect(settled.reduce(0) { $0 + $1.input } == usage.input)
      #expect(
        agent.supervisor.reserved.allSatisfy { reserved in
          settled.allSatisfy { $0.input + $0.output <= reserved }
        })
    }
  }

  @Test func modelIsNotAskedWithoutTokens() async throws {
    try await RunningAgent.run { agent in
      agent.supervisor.answerBudget(.refused("none left"))
      agent.supervisor.give(RunningAgent.work("m1", "/write note.txt hi"))
      await agent.supervisor.wait { !$0.finishes(of: MessageID(rawValue: "m1")).isEmpty }
      #expect(agent.supervisor.finishes(of: id).map(\.reply) == ["none left"])
      #expect(agent.supervisor.settled.isEmpty)
    }
  }

  @Test func manyMessagesAreEachAnsweredOnce() async throws {
    try await RunningAgent.run { agent in
      let ids = (0..<60).map { "m\($0)" }
      for (number, id) in ids.enumerated() {
        agent.supervisor.give(RunningAgent.work(id, "/write f\(number) \(id)\n/read f\(number)"))
      }
      await agent.supervisor.wait { supervisor in
        ids.allSatisfy { !supervisor.finishes(of: MessageID(rawValue: $0)).isEmpty }
      }
      for id in ids {
        let finishes = agent.supervisor.finishes(of: MessageID(rawValue: id))
        #expect(finishes.count == 1)
        #expect(finishes.first?.reply.hasSuffix("read_file: \(id)") == true)
        #expect(agent.supervisor.steps(of: MessageID(rawValue: id)).count == 6)
      }
    }
  }

  @Test func turnIsGivenBackWhenItsStepsCannotBeStored() async throws {
    try await RunningAgent.run { agent in
      agent.supervisor.failRecords(with: ApplianceError(.init("test.full"), "the disk is full"))
      agent.supervisor.give(RunningAgent.work("m1", "/write note.txt hi"))
      await agent.supervisor.wait { !$0.abandoned.isEmpty }
      #expect(agent.supervisor.abandoned == [id])
      #expect(agent.supervisor.finishes(of: id) == [])
      #expect(!agent.exists("note.txt"), "an effect without a recorded intent")
    }
  }

  @Test func agentReportsWhatItRuns() async throws {
    try await RunningAgent.run(isConfigured: false) { agent in
      guard case .report(let before) = try await agent.link.call(.report) else {
        Issue.record("no report")
        return
      }
      #expect(before == ComponentReport(digest: nil, settings: .null, isReady: false))
      let configuration = agent.configuration()
      for order in [SupervisorOrder.configure(configuration), .report] {
        guard case .report(let report) = try await agent.link.call(order) else {
          Issue.record("no report")
          return
        }
        #expect(report.isReady)
        #expect(report.digest == configuration.digest)
        #expect(report.settings == configuration.settings)
      }
    }
  }

  @Test func refusedConfigurationLeavesTheOneBefore() async throws {
    try await RunningAgent.run { agent in
      let refused = agent.configuration { $0.agent.provider = "openai" }
      let error = await #expect(throws: ApplianceError.self) {
        try await agent.link.call(.configure(refused))
      }
      #expect(error?.code == .providerUnknown)
      let other = agent.configuration { $0.agent.model = "large" }
      let unknown = await #expect(throws: ApplianceError.self) {
        try await agent.link.call(.configure(other))
      }
      #expect(unknown?.code == .modelUnknown)
      let malformed = ComponentConfiguration(digest: refused.digest, settings: ["name": 1])
      let last = await #expect(throws: ApplianceError.self) {
        try await agent.link.call(.configure(malformed))
      }
      #expect(last?.code == .malformed)
      guard case .report(let report) = try await agent.link.call(.report) else { return }
      #expect(report.digest == agent.configuration().digest)
      #expect(report.isReady)
    }
  }

  @Test func turnUsesTheNewestConfigurationAtItsBeginning() async throws {
    try await RunningAgent.run { agent in
      // Every worker waits for a message already, since before the change.
      await agent.supervisor.wait { $0.leases == AgentService.workers }
      let renamed = agent.configuration { $0.appliance.name = "Crab" }
      _ = try await agent.link.call(.configure(renamed))
      agent.supervisor.give(RunningAgent.work("m1", "hello"))
      await agent.supervisor.wait { !$0.finishes(of: MessageID(rawValue: "m1")).isEmpty }
      let replies = agent.supervisor.finishes(of: id).map(\.reply)
      #expect(replies == ["Crab (offline): you said: hello"])
    }
  }
}
