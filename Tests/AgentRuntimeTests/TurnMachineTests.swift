// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The KafClaw authors

import ApplianceModel
import ModelProviders
import Testing

@testable import AgentRuntime

/// A turn as a value: what comes next follows from what is recorded.
struct TurnMachineTests {
  private static let usage = TokenUsage(input: 3, output: 2)
  private static let read = ToolCall(index: 0, tool: "read_file", arguments: ["path": "a"])
  private static let write = ToolCall(index: 0, tool: "write_file", arguments: ["path": "a"])

  private func machine(_ steps: [TurnStep] = [], limit: Int = 20) -> TurnMachine {
    TurnMachine(steps: steps, toolLimit: limit, repeatable: ["read_file"])
  }

  @Test func freshTurnAsksTheModel() {
    #expect(machine().next == .askModel)
    #expect(machine().endedCalls.isEmpty)
  }

  static let table: [(String, [TurnStep], TurnMachine.Action)] = [
    ("nothing recorded", [], .askModel),
    ("open call that may be repeated", [.intent(read)], .run(read)),
    ("open call that may not", [.intent(write)], .giveUp(write)),
    ("ended call", [.intent(write), .result(index: 0, .success("ok"))], .askModel),
    ("failed call", [.intent(write), .result(index: 0, .failure("no"))], .askModel),
    ("call of unknown outcome", [.intent(write), .result(index: 0, .outcomeUnknown)], .askModel),
    (
      "second call open",
      [
        .intent(write), .result(index: 0, .success("ok")),
        .intent(ToolCall(index: 1, tool: "write_file", arguments: [:])),
      ],
      .giveUp(ToolCall(index: 1, tool: "write_file", arguments: [:]))
    ),
    (
      "unknown tool", [.intent(ToolCall(index: 0, tool: "exec", arguments: [:]))],
      .giveUp(ToolCall(index: 0, tool: "exec", arguments: [:]))
    ),
  ]

  @Test(arguments: TurnMachineTests.table.indices)
  func resumedTurnKnowsWhatComesNext(index: Int) {
    let (name, steps, next) = Self.table[index]
    #expect(machine(steps).next == next, "\(name)")
  }

  @Test func callIsRecordedBeforeItRunsAndItsResultAfter() {
    var machine = machine()
    let intent = machine.accept(
      Completion(.call(tool: "write_file", arguments: ["path": "a"]), usage: Self.usage))
    #expect(intent == .intent(Self.write))
    #expect(machine.next == .run(Self.write), "a call of this attempt was not begun before")
    let result = machine.accept(.success("ok"), of: Self.write)
    #expect(result == .result(index: 0, .success("ok")))
    #expect(machine.next == .askModel)
    #expect(machine.endedCalls == [.init(call: Self.write, result: .success("ok"))])
    let nothing = machine.accept(Completion(.reply("done"), usage: Self.usage))
    #expect(nothing == nil)
    #expect(machine.next == .finish("done"))
    #expect(machine.usage == TokenUsage(input: 6, output: 4))
    #expect(machine.steps == [.intent(Self.write), .result(index: 0, .success("ok"))])
  }

  @Test func callAfterAnInheritedOneIsNotInherited() {
    var machine = machine([.intent(Self.write)])
    #expect(machine.next == .giveUp(Self.write))
    _ = machine.accept(.outcomeUnknown, of: Self.write)
    _ = machine.accept(Completion(.call(tool: "write_file", arguments: [:]), usage: Self.usage))
    #expect(machine.next == .run(ToolCall(index: 1, tool: "write_file", arguments: [:])))
  }

  @Test(arguments: [0, 1, 3])
  func turnEndsAtTheToolLimit(limit: Int) {
    var machine = machine(limit: limit)
    for index in 0..<limit {
      let call = ToolCall(index: index, tool: "read_file", arguments: [:])
      let step = machine.accept(
        Completion(.call(tool: "read_file", arguments: [:]), usage: Self.usage))
      #expect(step == .intent(call))
      _ = machine.accept(.success("ok"), of: call)
    }
    let step = machine.accept(
      Completion(.call(tool: "read_file", arguments: [:]), usage: Self.usage))
    #expect(step == nil)
    #expect(
      machine.next == .finish("Stopped after \(limit) tool calls (agent.maxToolIterations)."))
  }

  @Test func callsOfEarlierAttemptsCountTowardsTheLimit() {
    var machine = machine([.intent(Self.read), .result(index: 0, .success("A"))], limit: 1)
    let step = machine.accept(
      Completion(.call(tool: "read_file", arguments: [:]), usage: Self.usage))
    #expect(step == nil)
    #expect(machine.next == .finish("Stopped after 1 tool calls (agent.maxToolIterations)."))
  }

  @Test func replyWithinTheLimitIsKept() {
    var machine = machine([.intent(Self.read), .result(index: 0, .success("A"))], limit: 1)
    _ = machine.accept(Completion(.reply("done"), usage: Self.usage))
    #expect(machine.next == .finish("done"))
  }
}
